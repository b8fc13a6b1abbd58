// The page for addresses that lead nowhere.
// Here: the way home from wherever a host shows it; a page of a person lies two folders down. Not
// here: anything else; the page is one file and asks for nothing.

const isPerson = /\/u\/[^/]*\/[^/]*$/.test(window.location.pathname);
for (const link of document.querySelectorAll('a[href$=".html"]')) {
  link.href = `${isPerson ? "../../" : ""}${link.getAttribute("href")}`;
}
