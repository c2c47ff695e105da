FROM python:3.12-slim AS build
WORKDIR /groundrules
RUN pip install --no-cache-dir "uv>=0.9,<1"
COPY . .
RUN uv sync --frozen --no-default-groups --group docs && uv run --no-sync mkdocs build --site-dir /site

FROM nginxinc/nginx-unprivileged:stable-alpine
COPY --from=build /site /usr/share/nginx/html
