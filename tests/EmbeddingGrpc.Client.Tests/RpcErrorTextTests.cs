using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests;

public sealed class RpcErrorTextTests
{
    [Fact]
    public void Describe_ViolationsRepeatedInTheMessage_SaysThemOnce()
    {
        var error = Error(Code.InvalidArgument, "k: must be 1..1000 (was 0)", Violation("k", "must be 1..1000 (was 0)"));

        Assert.Equal("INVALID_ARGUMENT: k: must be 1..1000 (was 0)", RpcErrorText.Describe(error));
    }

    [Fact]
    public void Describe_ViolationsOnlyInTheDetails_AddsThem()
    {
        var error = Error(Code.InvalidArgument, "bad request", Violation("k", "must be 1..1000"));

        Assert.Equal("INVALID_ARGUMENT: bad request; k: must be 1..1000", RpcErrorText.Describe(error));
        Assert.Equal([("k", "must be 1..1000")], RpcErrorText.FieldViolations(error));
    }

    [Fact]
    public void Describe_ResourceMissing_NamesItUnlessTheMessageDoes()
    {
        var detail = new ResourceInfo { ResourceType = "item", ResourceName = "42" };

        Assert.Equal("NOT_FOUND: Item '42' is unknown.", RpcErrorText.Describe(Error(Code.NotFound, "Item '42' is unknown.", detail)));
        Assert.Equal("NOT_FOUND: unknown; item '42'", RpcErrorText.Describe(Error(Code.NotFound, "unknown", detail)));
    }

    [Fact]
    public void Describe_ReasonAndRetryDelay_SaysWhyAndWhen()
    {
        var error = Error(
            Code.ResourceExhausted,
            "Too many streams.",
            new ErrorInfo { Reason = "STREAMS", Domain = "embeddinggrpc" },
            new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(1.5)) });

        Assert.Equal("RESOURCE_EXHAUSTED: Too many streams. [STREAMS]; try again in 1.5 s", RpcErrorText.Describe(error));
        Assert.Equal(TimeSpan.FromSeconds(1.5), RpcErrorText.RetryDelay(error));
    }

    [Fact]
    public void Describe_NoDetails_IsTheStatus()
    {
        var error = new RpcException(new Grpc.Core.Status(StatusCode.DeadlineExceeded, ""));

        Assert.Equal("DEADLINE_EXCEEDED", RpcErrorText.Describe(error));
        Assert.Empty(RpcErrorText.FieldViolations(error));
        Assert.Null(RpcErrorText.RetryDelay(error));
    }

    [Fact]
    public void Describe_ConnectionRefused_SaysSoInsteadOfOnlySubchannel()
    {
        var refused = new HttpRequestException("Connection refused (127.0.0.1:1)", new System.Net.Sockets.SocketException(111));
        var error = new RpcException(new Grpc.Core.Status(StatusCode.Unavailable, "Error connecting to subchannel.", refused));

        Assert.Equal("UNAVAILABLE: Error connecting to subchannel. (Connection refused)", RpcErrorText.Describe(error));
    }

    private static BadRequest Violation(string field, string description) =>
        new() { FieldViolations = { new BadRequest.Types.FieldViolation { Field = field, Description = description } } };

    private static RpcException Error(Code code, string message, params IMessage[] details) =>
        new Google.Rpc.Status { Code = (int)code, Message = message, Details = { details.Select(Any.Pack) } }.ToRpcException();
}
