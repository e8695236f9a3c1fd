-- Makes the two roles of Proofline, and gives each the rights that it needs in the database where this is run. Run it as a superuser,
-- once, and again whenever you like:
--
--   createdb --template=template0 --encoding=UTF8 proofline
--   psql --dbname=proofline --file=roles.sql
--   psql --dbname=proofline --command='\password proofline_migrate' --command='\password proofline_app'
--
-- proofline_migrate owns the schema: SAFE_POSTGRES_MIGRATE_DSN. proofline_app serves requests and changes no table's shape:
-- SAFE_POSTGRES_DSN. A stolen application password then cannot drop a table, nor rewrite which migrations were applied, nor what was
-- recorded about superseded evidence.
--
-- With other names, as a vault of documents has them:
--
--   PGOPTIONS='-c proofline.app_role=docuvault_app -c proofline.migrate_role=docuvault_migrate' psql --dbname=docuvault --file=roles.sql

DO $$ DECLARE
  app TEXT := coalesce(nullif(current_setting('proofline.app_role', true), ''), 'proofline_app');
  migrate TEXT := coalesce(nullif(current_setting('proofline.migrate_role', true), ''), 'proofline_migrate');
  role TEXT;
  made RECORD;
BEGIN
  FOREACH role IN ARRAY ARRAY[migrate, app] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', role);
    END IF;
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I, %I', current_database(), migrate, app);
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  EXECUTE format('GRANT USAGE, CREATE ON SCHEMA public TO %I', migrate);
  EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', app);

  -- For the tables that migrations will make, and for those that they made before this was run.
  EXECUTE format(
    'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', migrate, app);
  EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I', migrate, app);
  FOR made IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = migrate LOOP
    EXECUTE format('GRANT SELECT ON public.%I TO %I', made.tablename, app);
    IF made.tablename = 'supersessions' THEN
      -- Added to and never changed.
      EXECUTE format('REVOKE UPDATE, DELETE ON public.%I FROM %I', made.tablename, app);
      EXECUTE format('GRANT INSERT ON public.%I TO %I', made.tablename, app);
    ELSIF made.tablename <> 'schema_migrations' THEN
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON public.%I TO %I', made.tablename, app);
    END IF;
  END LOOP;
END $$;
