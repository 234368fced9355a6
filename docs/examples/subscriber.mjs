// Print who needs a human, as it happens.
import { connect } from "@nats-io/transport-node";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";

const urls = process.env.NATS_URL.split(",").map((url) => new URL(url));
const client = await connect({
  servers: urls.map((url) => url.host),
  user: urls[0].username,
  pass: urls[0].password,
  inboxPrefix: "_INBOX_integrator",
});
const manager = await jetstreamManager(client);
await manager.consumers.add("TOUCHES", {
  durable_name: "my-integration",
  ack_policy: AckPolicy.Explicit,
  filter_subject: `needs-touch.${process.env.COMMUNITY ?? "*"}.>`,
});
const consumer = await jetstream(client).consumers.get("TOUCHES", "my-integration");
for await (const message of await consumer.consume()) {
  if (message.headers.get("ce-type") === "warmline.needs-touch.raised.v1") {
    const need = message.json();
    console.log(need.urgency, need.reason, need.touch, "since", need.since);
  }
  message.ack();
}
