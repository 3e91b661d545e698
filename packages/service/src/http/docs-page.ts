/** /docs: the contract as a page. Everything it loads comes from here, so it also reads without a network. */
import express, { Router, type Response } from 'express';
// Not the package itself, which would load the whole page's programs: 30 MB that only browsers need.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Berth: REST contract</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="contract">This page needs JavaScript; the contract itself is at <a href="/openapi.json">/openapi.json</a>.</div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#contract',
  deepLinking: true,
  validatorUrl: null,
  supportedSubmitMethods: [],
});
`;

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const assets = ['swagger-ui.css', 'swagger-ui-bundle.js'];

export function docsPage(): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const folder = getAbsoluteFSPath();
  const allow = (response: Response, type: string) => {
    response.set('content-security-policy', policy).type(type);
    return response;
  };
  router.get('/', (_request, response) => void allow(response, 'html').send(page));
  router.get('/start.js', (_request, response) => void allow(response, 'js').send(start));
  const files = express.static(folder, { index: false, redirect: false, etag: false, lastModified: false });
  router.get(
    assets.map((name) => `/${name}`),
    files,
  );
  return router;
}
