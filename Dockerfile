# The command in a container: docker build -t fleet-sim . && docker run --rm fleet-sim list promises
FROM python:3.11-slim

WORKDIR /opt/fleet-sim
COPY pyproject.toml README.md LICENSE ./
COPY scenarios scenarios
COPY fleet_sim fleet_sim
RUN pip install --no-cache-dir .

# Runs and stores are written by nobody in particular; mount /data to keep them.
RUN useradd --create-home --uid 1000 fleet && mkdir /data && chown fleet /data
USER fleet
WORKDIR /data
VOLUME /data

ENTRYPOINT ["fleet-sim"]
CMD ["--help"]
