// Streams events, trains and recalls with stubs that proto-loader makes from the .proto files alone, at run time.
//
// Usage: node client.cjs HOST:PORT PROTOS   (PROTOS: the repository's protos/ folder)
// Needs @grpc/grpc-js and @grpc/proto-loader. Prints one JSON object.
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const [address, protos] = process.argv.slice(2);
const files = ['events', 'models', 'recall'].map((name) => `embeddinggrpc/v1/${name}.proto`);
const definition = protoLoader.loadSync(files, { includeDirs: [protos], longs: Number, enums: String, defaults: true, oneofs: true });
const v1 = grpc.loadPackageDefinition(definition).embeddinggrpc.v1;
const credentials = grpc.credentials.createInsecure();
const within = (seconds) => ({ deadline: Date.now() + seconds * 1000 });

function streamEvents(client) {
  return new Promise((resolve, reject) => {
    let acknowledged = 0;
    const call = client.streamEvents(within(60));
    call.on('data', (response) => { acknowledged = Math.max(acknowledged, response.durableSequence); });
    call.on('error', reject);
    call.on('end', () => resolve(acknowledged));
    call.write({ start: { producer: { name: 'node', epoch: 1 } } });
    let number = 0;
    for (const department of ['bread', 'wine']) {
      for (let user = 0; user < 30; user++) {
        const interactions = [];
        for (let step = 0; step < 10; step++) {
          number++;
          interactions.push({
            number,
            userId: `${department}-lover-${user}`,
            itemId: `${department}-${(user + step * step) % 12}`,
            type: 'INTERACTION_TYPE_CLICK',
            eventTimeMs: 1600000000000 + number,
          });
        }
        call.write({ interactions });
      }
    }
    call.end();
  });
}

function train(client) {
  return new Promise((resolve, reject) => {
    const phases = new Set();
    let generation;
    const call = client.trainModel({}, within(120));
    call.on('data', (response) => {
      if (response.event === 'progress') phases.add(response.progress.phase);
      else generation = response.result.generation;
    });
    call.on('error', reject);
    call.on('end', () => resolve({ phases: [...phases].sort(), generation: generation.id }));
  });
}

const recall = (client, itemId) => new Promise((resolve, reject) => {
  client.recall({ item: { itemId }, k: 5 }, within(10), (error, response) => (error ? reject(error) : resolve(response)));
});

async function main() {
  const acknowledged = await streamEvents(new v1.EventService(address, credentials));
  const { phases, generation } = await train(new v1.ModelService(address, credentials));
  const client = new v1.RecallService(address, credentials);
  const answer = await recall(client, 'wine-3');
  const unknown = await recall(client, 'beer-1').then(() => 'OK', (error) => grpc.status[error.code]);
  console.log(JSON.stringify({
    acknowledged,
    phases,
    generation,
    answered_by: answer.generationId,
    items: answer.candidates.map((candidate) => candidate.itemId),
    unknown,
  }));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
