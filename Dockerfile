# The bot in a container: CPU only, not as root, with everything that writing and running need; training needs the source tree.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY deephypebot deephypebot
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --constraint constraints.txt pip setuptools \
    && /venv/bin/pip install --no-cache-dir --constraint constraints.txt --no-build-isolation ".[bot]"

FROM python:3.11-slim-bookworm
RUN useradd --create-home --home-dir /var/lib/deephypebot --uid 10001 bot
COPY --from=build /venv /venv
ENV PATH="/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    DEEPHYPEBOT_STATE=/var/lib/deephypebot/state \
    DEEPHYPEBOT_CACHE=/var/lib/deephypebot/cache \
    DEEPHYPEBOT_SETTINGS=/etc/deephypebot/deephypebot.toml
USER bot
WORKDIR /var/lib/deephypebot
VOLUME /var/lib/deephypebot
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('DEEPHYPEBOT_WEB__PORT', '8765') + '/healthz', timeout=4)"]
ENTRYPOINT ["deephypebot"]
CMD ["run"]
