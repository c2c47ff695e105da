FROM python:3.12-slim-bookworm AS build
# For the notebooks, which the site shows as they ran. Debian keeps one minor version.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-15
WORKDIR /groundrules
RUN pip install --no-cache-dir "uv>=0.9,<1"
COPY . .
RUN uv sync --frozen --extra course --no-default-groups --group docs \
    && NO_MKDOCS_2_WARNING=1 uv run --no-sync mkdocs build --site-dir /site

FROM nginxinc/nginx-unprivileged:stable-alpine
COPY docs.nginx.conf /etc/nginx/conf.d/default.conf
COPY --from=build /site /usr/share/nginx/html
