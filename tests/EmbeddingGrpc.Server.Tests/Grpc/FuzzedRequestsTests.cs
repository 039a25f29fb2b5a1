using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>Requests as bytes, damaged in every way: each is answered or refused with a reason, and the daemon takes the next one.</summary>
public sealed class FuzzedRequestsTests
{
    private const int Rounds = 1500;

    // What a client may be told of bytes that are wrong, and nothing that says that the daemon did not know what to say.
    private static readonly StatusCode[] Expected = [StatusCode.OK, StatusCode.InvalidArgument, StatusCode.NotFound, StatusCode.FailedPrecondition, StatusCode.Aborted];

    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(bytes => bytes, bytes => bytes);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnyService_DamagedBytes_AreAnsweredOrRefusedWithAReason()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--Logging:LogLevel:Default=None"]);
        var random = new Random(20260901);
        (string Service, string Method, byte[] Request)[] calls =
        [
            ("EventService", "AppendEvents", new AppendEventsRequest { Producer = new Producer { Name = "p", Epoch = 1 }, Interactions = { Events.Numbered(1, 40) } }.ToByteArray()),
            ("EventService", "AppendEvents", new AppendEventsRequest { Interactions = { Events.Numbered(0) } }.ToByteArray()),
            ("RecallService", "Recall", new RecallRequest { K = 7, User = new UserQuery { UserId = "u" } }.ToByteArray()),
            ("RecallService", "BatchRecall", new BatchRecallRequest { Requests = { new RecallRequest { K = 7, Item = new ItemQuery { ItemId = "i" } } } }.ToByteArray()),
            ("CatalogService", "UpsertItems", new UpsertItemsRequest { Items = { new Item { ItemId = "i", Attributes = { ["t"] = new AttributeValue { Text = "x" } } } } }.ToByteArray()),
        ];
        var codes = new Dictionary<StatusCode, int>();
        for (var round = 0; round < Rounds; round++)
        {
            var (service, method, request) = calls[round % calls.Length];
            var bytes = Damage(request, random);
            var code = await CallAsync(daemon, $"embeddinggrpc.v1.{service}", method, bytes);
            codes[code] = codes.GetValueOrDefault(code) + 1;
            Assert.True(Expected.Contains(code), $"{service}.{method} in round {round}: {code} for {Convert.ToHexString(bytes)}");
        }

        Assert.True(codes.GetValueOrDefault(StatusCode.OK) > 20 && codes.GetValueOrDefault(StatusCode.InvalidArgument) > 20, string.Join(", ", codes));
        await AssertGoesOnAsync(daemon);
    }

    [Fact]
    public async Task StreamEvents_DamagedBytes_AreAnsweredOrRefusedWithAReason()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--Logging:LogLevel:Default=None"]);
        var random = new Random(20260902);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "embeddinggrpc.v1.EventService", "StreamEvents", Bytes, Bytes);
        var start = Events.Start("fuzz").ToByteArray();
        var batch = Events.Batch(1, 30).ToByteArray();
        for (var round = 0; round < 300; round++)
        {
            using var call = daemon.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new CallOptions(cancellationToken: Cancel));
            var code = StatusCode.OK;
            try
            {
                await call.RequestStream.WriteAsync(round % 3 == 0 ? Damage(start, random) : start, Cancel);
                await call.RequestStream.WriteAsync(Damage(batch, random), Cancel);
                await call.RequestStream.CompleteAsync();
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException)
            {
                // The daemon has ended the call before all was written; what it said is read below.
            }

            try
            {
                while (await call.ResponseStream.MoveNext(Cancel)) StreamEventsResponse.Parser.ParseFrom(call.ResponseStream.Current);
            }
            catch (RpcException e)
            {
                code = e.StatusCode;
            }

            Assert.True(Expected.Contains(code), $"{code} in round {round}");
        }

        await AssertGoesOnAsync(daemon);
    }

    private static async Task<StatusCode> CallAsync(TestDaemon daemon, string service, string name, byte[] request)
    {
        try
        {
            await daemon.Channel.CreateCallInvoker().AsyncUnaryCall(new Method<byte[], byte[]>(MethodType.Unary, service, name, Bytes, Bytes), null, new CallOptions(cancellationToken: Cancel), request);
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private static byte[] Damage(byte[] sound, Random random)
    {
        var bytes = sound.ToList();
        for (var count = random.Next(4); count > 0; count--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(place, random.Next(bytes.Count - place));
                    break;
                case 3:
                    var noise = new byte[random.Next(40)];
                    random.NextBytes(noise);
                    bytes.InsertRange(place, noise);
                    break;
                default:
                    // A length of nearly 2 GB, of which nothing follows: nothing may be set aside for it.
                    bytes.InsertRange(place, [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]);
                    break;
            }

            if (bytes.Count == 0) bytes.Add(0);
        }

        return [.. bytes];
    }

    private static async Task AssertGoesOnAsync(TestDaemon daemon)
    {
        var log = daemon.Services.GetRequiredService<ModelRegistry>().Get("").Log;
        var before = log.DurableOffset.Value;
        await new EventService.EventServiceClient(daemon.Channel).AppendEventsAsync(new AppendEventsRequest { Interactions = { Events.Numbered(0) } }, cancellationToken: Cancel);
        Assert.Equal(before + 1, log.DurableOffset.Value);
        Assert.Null(log.Failure);
    }
}
