#!/bin/sh
# Stands where the tutorial has `mvn package`: three modules, two packages. It
# keeps the classes of the shared module where a cache can keep them.
set -e
classes=$HOME/.m2/shared-classes
if [ -d "$classes" ]; then echo "shared module: from the cache"; else
  javac -d "$classes" shared/*.java
fi
for module in greeting shout; do
  mkdir -p $module/target/classes
  cp -R "$classes/." $module/target/classes
  javac -cp "$classes" -d $module/target/classes $module/*.java
  jar --create --file $module/target/lambda.jar --date=2018-01-01T00:00:00Z -C $module/target/classes .
done
