/** Which pieces of engines and settings are secrets: as 26.7 masks them in its query log, and where it forgets to. */
import { describe, expect, test } from 'vitest';
import { secretPositions, secretPositionsOfSetting } from '../src/kinds/secret-positions.ts';

/** Every SECRET in the text must be found, and nothing else; those that the server shows are written PUBLIC. */
const ENGINES = `
AzureBlobStorage('http://h/a', 'cont', 'x.csv', 'acct', 'SECRET', 'CSV')
AzureBlobStorage('http://h/a', 'cont', 'x.csv', 'acct', 'SECRET')
AzureBlobStorage('http://h/a', 'cont', 'x.csv', 'CSV', 'none')
AzureBlobStorage('http://h/a?sig=PUBLIC&x=1', 'cont', 'x.csv', 'CSV')
AzureBlobStorage('DefaultEndpointsProtocol=http;AccountName=a;AccountKey=SECRET;EndpointSuffix=x', 'cont', 'x.csv')
AzureBlobStorage('SharedAccessSignature=SECRET;BlobEndpoint=x', 'cont', 'x.csv', 'CSV')
AzureBlobStorage('http://h/a', 'c', 'x', 'CSV', extra_credentials(client_id = 'a', client_secret = 'PUBLIC'))
AzureBlobStorage(coll, account_key = 'SECRET')
AzureQueue('http://h/a', 'cont', '*', 'acct', 'SECRET', 'CSV')
COSN('http://h/b/x.csv', 'id', 'SECRET', 'CSV')
OSS('http://h/b/x.csv', 'id', 'SECRET', 'CSV')
GCS('http://h/b/x.csv', 'id', 'SECRET', 'CSV')
S3('http://h/b/x.csv', 'id', 'SECRET')
S3('http://h/b/x.csv', 'CSV', 'gzip')
S3('http://h/b/x.csv', 'id', 'SECRET', 'CSV')
S3('http://h/b/x.csv', 'id', 'SECRET', 'SECRET', 'CSV', 'gzip')
S3('http://h/b/x.csv', NOSIGN, 'CSV')
S3('http://h/b/x.csv', 'NOSIGN', 'CSV', 'zstd')
S3('http://h/b/x.csv', 'CSV', headers('x' = 'SECRET'))
S3('http://h/b/x.csv', extra_credentials(role_arn = 'arn:aws:iam::1:role/r'))
S3('http://user:SECRET@h/b/x.csv', 'CSV')
S3('http://h/b/x.csv?X-Amz-Signature=SECRET', 'CSV')
S3(coll, access_key_id = 'id', secret_access_key = 'SECRET', session_token = 'SECRET')
S3Queue('http://h/b/*', 'id', 'SECRET', 'SECRET', 'CSV')
Hudi('http://h/b/', 'id', 'SECRET')
Iceberg('http://h/b/', 'id', 'SECRET')
IcebergS3('http://h/b/', 'id', 'SECRET')
IcebergAzure('http://h/a', 'cont', 'x', 'acct', 'PUBLIC')
IcebergAzure('AccountKey=PUBLIC', 'cont', 'x')
IcebergHDFS('hdfs://user:PUBLIC@h/x')
DeltaLake('http://h/b/', 'id', 'SECRET')
DeltaLakeS3('http://h/b/', 'id', 'SECRET')
DeltaLakeAzure('http://h/a', 'cont', 'x', 'acct', 'PUBLIC')
Paimon('http://h/b/', 'id', 'SECRET')
PaimonS3('http://h/b/', 'id', 'SECRET')
PaimonAzure('http://h/a', 'cont', 'x', 'acct', 'PUBLIC')
HDFS('hdfs://user:PUBLIC@h/x', 'CSV')
URL('http://user:SECRET@h/x', 'CSV')
URL('http://h/x', 'CSV', headers('Authorization' = 'SECRET', 'X' = 'SECRET'))
URL('s3://h/x', 'id', 'PUBLIC', 'CSV')
URL('http://h/x', 'CSV', 'gzip')
JDBC('SECRET', 'd', 't')
ODBC('SECRET', 'd', 't')
MongoDB('h:1', 'd', 'c', 'u', 'SECRET', 'options=1')
MongoDB('mongodb://u:SECRET@h/d', 'c')
Redis('h:1', 0, 'SECRET', 5)
PostgreSQL('h:1', 'd', 't', 'u', 'SECRET', 'sch', 'ON CONFLICT')
PostgreSQL(coll, password = 'SECRET')
MaterializedPostgreSQL('h:1', 'd', 't', 'u', 'SECRET')
MySQL('h:1', 'd', 't', 'u', 'SECRET', 1, 'x')
YTsaurus('http://h', '//x', 'SECRET')
ArrowFlight('h:1', 'ds', 'u', 'SECRET')
ExternalDistributed('MySQL', 'h:1', 'd', 't', 'u', 'SECRET')
Remote('h:1', 'd', 't', 'u', 'SECRET', k)
Remote('h:1', 'd', 't', 'u', k)
Remote('h:1', d.t, 'u', 'SECRET')
RemoteSecure('h:1', 'd.t', 'u', 'SECRET')
ReplacingMergeTree(version)
Distributed(c, d, t, cityHash64(k, 'salt'))
Executable('a.sh', CSV, (SELECT 'key'))
`.trim();

const DATABASES = `
MySQL('h:1', 'd', 'u', 'SECRET')
PostgreSQL('h:1', 'd', 'u', 'SECRET', 'sch', 1)
MaterializedPostgreSQL('h:1', 'd', 'u', 'SECRET')
S3('http://h/bucket', 'id', 'SECRET')
DataLakeCatalog('http://h/v1', 'u', 'SECRET')
SQLite('x.db')
`.trim();

const SETTINGS = `
kafka_sasl_password 'SECRET'
kafka_sasl_username 'u'
nats_token 'SECRET'
nats_url 'nats://u:SECRET@h'
nats_credential_file 'SECRET'
rabbitmq_password 'SECRET'
rabbitmq_address 'amqp://u:SECRET@h'
rabbitmq_routing_key_list 'a,b'
catalog_credential 'SECRET'
auth_header 'SECRET'
aws_access_key_id 'AKIA'
aws_secret_access_key 'SECRET'
after_processing_move_connection_string 'SECRET'
after_processing_tag_key 'state'
disk disk(type = s3, access_key_id = 'id', secret_access_key = 'SECRET')
disk disk(type = encrypted, key = 'SECRET', disk = disk(type = s3, secret_access_key = 'SECRET'), key_hex = 'SECRET')
index_granularity 8192
`.trim();

type Found = ReturnType<typeof secretPositions>;

const told = (text: string, found: Found): string[] =>
  found.map(({ start, end, masked }) => `${text.slice(start, end)} ${masked}`).sort();

const expected = (text: string): string[] =>
  [...text.matchAll(/SECRET|PUBLIC/g)].map(([word]) => `${word} ${word === 'SECRET'}`).sort();

describe('secrets', () => {
  test.each(ENGINES.split('\n'))('of %s', (engine) => {
    expect(told(engine, secretPositions(engine))).toEqual(expected(engine));
  });
  test.each(DATABASES.split('\n'))('of the database engine %s', (engine) => {
    expect(told(engine, secretPositions(engine, 'database'))).toEqual(expected(engine));
  });
  test.each(SETTINGS.split('\n'))('of the setting %s', (line) => {
    const [name = '', ...rest] = line.split(' ');
    const value = rest.join(' ');
    expect(told(value, secretPositionsOfSetting(name, value))).toEqual(expected(value));
  });
});
