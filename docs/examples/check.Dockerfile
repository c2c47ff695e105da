FROM python:3.13-slim-bookworm
ARG VERSION=v0.1.0
ADD https://github.com/your-team/groundrules.git#${VERSION} /groundrules
RUN pip install --no-cache-dir /groundrules && rm -r /groundrules
USER 65534
WORKDIR /code
ENTRYPOINT ["groundrules"]
CMD ["check"]
