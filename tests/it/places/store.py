"""An object store of the tests' own: moto, which checks signatures. Answers one line of JSON for each that it reads
({"do": name of a method of boto3's client, "with": its arguments}), and ends with its input."""
import base64
import json
import os
import sys

# So many requests are not looked at: those that make the user.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
address = f"http://127.0.0.1:{port}"


def client(name, key, secret):
    return boto3.client(name, endpoint_url=address, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret)


iam = client("iam", "a", "b")
iam.create_user(UserName="tests")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="tests", PolicyName="all", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="tests")["AccessKey"]
store = client("s3", key["AccessKeyId"], key["SecretAccessKey"])
print(json.dumps({"address": address, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)

for line in sys.stdin:
    asked = json.loads(line)
    try:
        if asked["do"] == "put_many":
            for name in asked["with"]["Keys"]:
                store.put_object(Bucket=asked["with"]["Bucket"], Key=name, Body=asked["with"]["Body"] % name)
            answer = {}
        else:
            if "base64" in asked:
                asked["with"]["Body"] = base64.b64decode(asked["base64"])
            answer = getattr(store, asked["do"])(**asked["with"])
            if "Body" in answer:
                answer["Body"] = answer["Body"].read().decode(errors="replace")
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer, default=str), flush=True)
