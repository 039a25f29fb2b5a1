"""Streams events, trains and recalls with stubs that protoc made from the .proto files alone.

Usage: PYTHONPATH=STUBS client.py HOST:PORT   (STUBS: the folder that protoc wrote to)
Prints one JSON object.
"""
import json
import sys

import grpc
from embeddinggrpc.v1 import events_pb2, events_pb2_grpc, models_pb2, models_pb2_grpc, recall_pb2, recall_pb2_grpc


def requests():
    start = events_pb2.StreamStart(producer=events_pb2.Producer(name="python", epoch=1))
    yield events_pb2.StreamEventsRequest(start=start)
    number = 0
    for department in ("bread", "wine"):
        for user in range(30):
            interactions = []
            for step in range(10):
                number += 1
                interactions.append(events_pb2.Interaction(
                    number=number,
                    user_id=f"{department}-lover-{user}",
                    item_id=f"{department}-{(user + step * step) % 12}",
                    type=events_pb2.INTERACTION_TYPE_CLICK,
                    event_time_ms=1_600_000_000_000 + number,
                ))
            yield events_pb2.StreamEventsRequest(interactions=interactions)


def main(address):
    with grpc.insecure_channel(address) as channel:
        acknowledged = 0
        for response in events_pb2_grpc.EventServiceStub(channel).StreamEvents(requests(), timeout=60):
            acknowledged = max(acknowledged, response.durable_sequence)

        phases, generation = set(), None
        for response in models_pb2_grpc.ModelServiceStub(channel).TrainModel(models_pb2.TrainModelRequest(), timeout=120):
            if response.WhichOneof("event") == "progress":
                phases.add(models_pb2.TrainingPhase.Name(response.progress.phase))
            else:
                generation = response.result.generation

        recall = recall_pb2_grpc.RecallServiceStub(channel)
        answer = recall.Recall(recall_pb2.RecallRequest(item=recall_pb2.ItemQuery(item_id="wine-3"), k=5), timeout=10)
        try:
            recall.Recall(recall_pb2.RecallRequest(item=recall_pb2.ItemQuery(item_id="beer-1")), timeout=10)
            unknown = "OK"
        except grpc.RpcError as error:
            unknown = error.code().name

        asked = [recall_pb2.StreamRecallRequest(tag=tag, request=recall_pb2.RecallRequest(item=recall_pb2.ItemQuery(item_id=item), k=2))
                 for tag, item in ((7, "wine-1"), (8, "beer-1"), (9, "bread-1"))]
        streamed = {answer.tag: answer for answer in recall.StreamRecall(iter(asked), timeout=10)}

    print(json.dumps({
        "acknowledged": acknowledged,
        "phases": sorted(phases),
        "generation": generation.id,
        "answered_by": answer.generation_id,
        "items": [candidate.item_id for candidate in answer.candidates],
        "unknown": unknown,
        "streamed": [[candidate.item_id for candidate in streamed[tag].response.candidates] for tag in (7, 9)],
        "streamed_unknown": streamed[8].error.code,
    }))


if __name__ == "__main__":
    main(sys.argv[1])
