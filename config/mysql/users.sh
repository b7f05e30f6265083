# The accounts of docker-compose.yml in MySQL and MariaDB: firstcome, which instances use, and firstcome_migrate, which only
# `npm run migrate` uses. Run by the official images when they set a database up. For data that is there already:
#   docker compose exec mysql bash /docker-entrypoint-initdb.d/users.sh

# They stand in a URL as well.
for password in "$MYSQL_PASSWORD" "$MYSQL_MIGRATION_PASSWORD"; do
  if [[ ! $password =~ ^[A-Za-z0-9_-]+$ ]]; then
    echo 'users.sh: MYSQL_PASSWORD and MYSQL_MIGRATION_PASSWORD have letters, digits, - and _ only: openssl rand -hex 32' >&2
    exit 1
  fi
done

# MariaDB's image has no mysql. In the environment, since all may read the words of a command.
MYSQL_PWD=$MYSQL_ROOT_PASSWORD "$(command -v mariadb || command -v mysql)" -uroot <<END
CREATE USER IF NOT EXISTS 'firstcome'@'%';
ALTER USER 'firstcome'@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE ON \`$MYSQL_DATABASE\`.* TO 'firstcome'@'%';
CREATE USER IF NOT EXISTS 'firstcome_migrate'@'%';
ALTER USER 'firstcome_migrate'@'%' IDENTIFIED BY '$MYSQL_MIGRATION_PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX ON \`$MYSQL_DATABASE\`.* TO 'firstcome_migrate'@'%';
END
