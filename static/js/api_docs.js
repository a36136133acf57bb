// The documentation of the REST API, drawn by Swagger UI from the schema. Deferred scripts run before modules: the bundle is there.
const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  persistAuthorization: false, // a key must not stay in the browser
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
