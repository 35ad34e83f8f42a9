// The two uses that Folium's own layers make of jQuery: read markup, wait for the document.
window.$ = (given) => {
  if (typeof given !== "string") return { ready: (then) => then() };
  const template = document.createElement("template");
  template.innerHTML = given.trim();
  return template.content.childNodes;
};
