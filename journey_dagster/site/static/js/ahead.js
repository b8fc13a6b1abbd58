// Ahead of the report page's own code, which is still on its way.
// Here: asking for the report as soon as the list of people has it. Not here: what is made of the
// answers, or of none; that is report.js, which finds them asked for.

import { loadReport, loadUsers } from "./load.js";

async function ask() {
  const slug = new URLSearchParams(window.location.search).get("user");
  const { users } = await loadUsers();
  if (users.some((user) => user.slug === slug && user.status !== "withheld")) await loadReport(slug);
}

ask().catch((error) => console.info("nothing ahead", error.message));
