#!/bin/sh
# Writes /opt/sluice/class-path, an argument file of java, and makes /opt/sluice/classes.jsa: a start that finds no database and
# ends after eight seconds loads the classes. The JVM makes no archive where a folder of the class path has files, so that the
# folders come after the jars, and are named here in another way.
set -eu
jars=$(ls /opt/sluice/lib/*.jar | tr '\n' ':')
printf -- '-cp\n%s/etc/sluice/settings:/etc/sluice/jars/*\n' "$jars" > /opt/sluice/class-path
status=0
log=$(mktemp)
SLUICE_DATABASE_URL=jdbc:postgresql://127.0.0.1:1/none CAMEL_MAIN_DURATION_MAX_SECONDS=8 SLUICE_LOG_FORMAT=text \
  java -XX:ArchiveClassesAtExit=/opt/sluice/classes.jsa -Xlog:cds=off -Xlog:cds+dynamic=off \
  -Dcamel.main.property-placeholder-location=file:settings/application.properties \
  -cp "${jars%:}" io.sluice.app.Main > "$log" 2>&1 || status=$?
if [ "$status" != 0 ] || ! [ -s /opt/sluice/classes.jsa ]; then
  cat "$log"
  echo "The class archive was not made (status $status)."
  exit 1
fi
