/** The page that renews a session asks for nothing: it goes on by itself. */
const form = document.getElementById('renew');
if (form instanceof HTMLFormElement) form.submit();
