# Two stages, so that pip and its cache stay out of the image. Nothing is compiled: every library comes as a wheel.
FROM python:3.11-slim AS libraries
COPY requirements.lock /tmp/requirements.lock
# With hashes, so that what was tested is what is installed.
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: -r /tmp/requirements.lock

FROM python:3.11-slim
# PostgreSQL does not run as root, nor as a number without a name; this number is one that hosts hardly use.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin tramy \
    && install -d -o tramy -g tramy -m 0700 /data
COPY --from=libraries /opt/venv /opt/venv
WORKDIR /srv/tramy
# The program reads its migrations and its schemas as files; pyproject.toml tells `tramy doctor` what must be installed.
COPY LICENSE pyproject.toml alembic.ini ./
COPY migrations migrations
COPY schemas schemas
COPY app app
RUN /opt/venv/bin/python -m compileall -q app migrations && /opt/venv/bin/python -m app.cli.link /opt/venv/bin/tramy

# TRAMY_DATA holds the embedded database; with TRAMY_DATABASE_URL it stays empty.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 TRAMY_DATA=/data/tramy
VOLUME /data
USER tramy
EXPOSE 8000
# Ready means that the database answers and has this program's schema. The image has no curl, and needs none.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
# The embedded PostgreSQL ends with a checkpoint when the service is interrupted as by Ctrl-C.
STOPSIGNAL SIGINT
ENTRYPOINT ["tramy"]
# All addresses of the container; it starts when a client is registered (docs/how-to/tls-and-proxies.md).
CMD ["serve", "--host", "0.0.0.0"]
