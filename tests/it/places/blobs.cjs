// A store of blobs of the tests' own: Azurite, which checks signatures, and Azure's own client of it. Answers one line of
// JSON for each that it reads ({"do": what, "with": its arguments}), and ends with its input.
const { spawn } = require("node:child_process");
const readline = require("node:readline");

const account = "shop";
const key = Buffer.from(process.env.PIPEWRIGHT_TEST_KEY).toString("base64");

async function started() {
  const program = require.resolve("azurite/dist/src/blob/main.js");
  const options = ["--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry", "--silent", "--skipApiVersionCheck"];
  const env = { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` };
  const server = spawn(process.execPath, [program, ...options], { env, stdio: ["ignore", "pipe", "ignore"] });
  process.on("exit", () => server.kill());
  for await (const line of readline.createInterface({ input: server.stdout })) {
    const address = line.match(/http:\/\/[0-9.:]+/);
    if (line.includes("listens") && address) return address[0];
  }
  throw new Error("Azurite has ended");
}

async function text(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function main() {
  const {
    BlobServiceClient, StorageSharedKeyCredential, ContainerSASPermissions, generateBlobSASQueryParameters,
  } = require("@azure/storage-blob");
  const address = `${await started()}/${account}`;
  const credential = new StorageSharedKeyCredential(account, key);
  const service = new BlobServiceClient(address, credential);
  const does = {
    create: async ({ container, access }) => void (await service.getContainerClient(container).create({ access })),
    put: async ({ container, key, body }) => {
      const blob = service.getContainerClient(container).getBlockBlobClient(key);
      return (await blob.upload(body, Buffer.byteLength(body))).etag;
    },
    get: async ({ container, key }) => {
      const found = await service.getContainerClient(container).getBlobClient(key).download();
      return { body: await text(found.readableStreamBody), kind: found.contentType, etag: found.etag };
    },
    // Those that nobody sees yet have no bytes.
    list: async ({ container, aside }) => {
      const found = [];
      const all = service.getContainerClient(container).listBlobsFlat({ includeUncommitedBlobs: aside });
      for await (const blob of all) found.push(blob.name);
      return found;
    },
    sas: async ({ container }) => {
      const permissions = ContainerSASPermissions.parse("rl");
      const expiresOn = new Date(Date.now() + 3600000);
      return generateBlobSASQueryParameters({ containerName: container, permissions, expiresOn }, credential).toString();
    },
  };
  console.log(JSON.stringify({ address, key }));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    let answer;
    try {
      answer = (await does[asked.do](asked.with)) ?? {};
    } catch (error) {
      answer = { error: String(error) };
    }
    console.log(JSON.stringify(answer));
  }
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
