-- Makes the two roles of Proofline, and gives each the rights that it needs in the database where this is run. Run it as a superuser,
-- once, and again whenever you like:
--
--   createdb --template=template0 --encoding=UTF8 proofline
--   psql --dbname=proofline --file=roles.sql
--   psql --dbname=proofline --command='\password proofline_migrate' --command='\password proofline_app'
--
-- proofline_migrate owns the schema: SAFE_POSTGRES_MIGRATE_DSN. proofline_app serves requests and changes no table's shape:
-- SAFE_POSTGRES_DSN. A stolen application password then cannot drop a table, nor rewrite which migrations were applied.

DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'proofline_migrate') THEN
    CREATE ROLE proofline_migrate LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'proofline_app') THEN
    CREATE ROLE proofline_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO proofline_migrate, proofline_app', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO proofline_migrate;
GRANT USAGE ON SCHEMA public TO proofline_app;

-- For the tables that migrations will make, and for those that they made before this was run.
ALTER DEFAULT PRIVILEGES FOR ROLE proofline_migrate IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO proofline_app;
ALTER DEFAULT PRIVILEGES FOR ROLE proofline_migrate IN SCHEMA public
  GRANT USAGE ON SEQUENCES TO proofline_app;
DO $$ DECLARE made RECORD; BEGIN
  FOR made IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = 'proofline_migrate' LOOP
    EXECUTE format('GRANT SELECT ON public.%I TO proofline_app', made.tablename);
    IF made.tablename <> 'schema_migrations' THEN
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON public.%I TO proofline_app', made.tablename);
    END IF;
  END LOOP;
END $$;
