/**
 * What a person runs in a notebook cell against HDFS: Python over Spark's own Hadoop client. Each cell prints one line of
 * JSON. Nothing in it names a user, a ticket or a host: those come from the container.
 */

/** Spark writes a table and reads it back; prints how many rows there are, and as whom Hadoop works. */
export function sparkTable(path: string): string {
  return `import json
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").getOrCreate()
spark.range(1000).write.parquet(${text(path)})
rows = spark.read.parquet(${text(path)}).count()
user = spark._jvm.org.apache.hadoop.security.UserGroupInformation.getCurrentUser()
print(json.dumps({"rows": rows, "as": user.toString()}))
spark.stop()
`;
}

/**
 * Starts a JVM that opens HDFS at the first of the cells that follow in this kernel, and keeps it open. Prints nothing.
 *
 * @param settings what a person sets beside core-site.xml
 */
export function openFileSystem(settings: Readonly<Record<string, string>> = {}): string {
  return `import json
from pyspark.java_gateway import launch_gateway
from py4j.protocol import Py4JJavaError
jvm = launch_gateway().jvm
hadoop = jvm.org.apache.hadoop
path = lambda text: hadoop.fs.Path(text)
def told(what):
    try:
        print(json.dumps(what()))
    except Py4JJavaError as error:
        print(json.dumps("refused: " + error.java_exception.toString().splitlines()[0]))
settings = hadoop.conf.Configuration()
for name, value in ${JSON.stringify(settings)}.items():
    settings.set(name, value)
hadoop.security.UserGroupInformation.setConfiguration(settings)
fs = None
def files():
    global fs
    fs = fs or hadoop.fs.FileSystem.get(settings)
    return fs
`;
}

/** Writes a file; prints its size in bytes. */
export function writeFile(path: string): string {
  return `def write():
    out = files().create(path(${text(path)}), True)
    out.write(bytearray(b"written by a ticket"))
    out.close()
    return files().getFileStatus(path(${text(path)})).getLen()
told(write)
`;
}

/** Prints the names in a folder. */
export function list(path: string): string {
  return `told(lambda: sorted(each.getPath().getName() for each in files().listStatus(path(${text(path)}))))
`;
}

/** A Python literal: JSON's is one too. */
function text(value: string): string {
  return JSON.stringify(value);
}
