using EmbeddingGrpc.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>Requests that tests of the event service send.</summary>
internal static class Events
{
    public const long TimeMs = 1_700_000_000_000;

    public static Interaction Numbered(ulong number, string user = "u", string item = "i") =>
        new() { Number = number, UserId = user, ItemId = item, Type = InteractionType.Click, EventTimeMs = TimeMs + (long)number };

    public static IEnumerable<Interaction> Numbered(ulong from, ulong to) =>
        Enumerable.Range((int)from, (int)(to - from + 1)).Select(n => Numbered((ulong)n, $"user-{n % 7}", $"item-{n % 11}"));

    public static StreamEventsRequest Start(string producer = "p", ulong epoch = 1, string model = "") =>
        new() { Start = new StreamStart { Model = model, Producer = new Producer { Name = producer, Epoch = epoch } } };

    public static StreamEventsRequest Batch(ulong from, ulong to) => new() { Interactions = { Numbered(from, to) } };

    public static StreamEventsRequest Batch(params Interaction[] interactions) => new() { Interactions = { interactions } };

    /// <summary>The violations that an INVALID_ARGUMENT names.</summary>
    public static IEnumerable<string> FieldsOf(RpcException error) =>
        error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(violation => violation.Field);

    /// <summary>The reason that an error gives for programs.</summary>
    public static string ReasonOf(RpcException error) => error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;
}
