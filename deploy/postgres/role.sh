#!/bin/sh
# Run by the PostgreSQL image when it makes its data folder: the database, and a plain role that owns it.
# The image's own user is a superuser, whom row-level security between organizations would not bind.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$ENGINE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE countersign LOGIN PASSWORD :'password';
CREATE DATABASE countersign OWNER countersign;
SQL
