using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class EngineErrorsTests
{
    public static TheoryData<Exception, StatusCode, string, bool> Failures => new()
    {
        { new ProducerFencedException(new ProducerId("p", 1), 2), StatusCode.Aborted, "PRODUCER_FENCED", false },
        { new LogUnavailableException("The disk is full.", retryMayHelp: true), StatusCode.ResourceExhausted, "LOG_FULL", true },
        { new LogUnavailableException("fsync failed.", retryMayHelp: false), StatusCode.Unavailable, "LOG_UNAVAILABLE", false },
        { new ApplierFailedException("broken", new IOException()), StatusCode.Unavailable, "APPLIER_FAILED", false },
        { new ModelUnavailableException("m", "closed"), StatusCode.Unavailable, "MODEL_UNAVAILABLE", true },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Of_FailureThatTheCallerCanActOn_IsAStatusWithReasonAndAdvice(Exception failure, StatusCode code, string reason, bool retry)
    {
        var error = EngineErrors.Of(failure);
        Assert.NotNull(error);
        Assert.Equal((code, reason), (error.StatusCode, Events.ReasonOf(error)));
        Assert.Equal(retry, error.GetRpcStatus()!.GetDetail<RetryInfo>() is not null);
        Assert.StartsWith(failure.Message, error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_Defect_IsNotTheCallersToKnow() => Assert.Null(EngineErrors.Of(new InvalidOperationException("inside")));

    [Fact]
    public void Of_RpcException_IsLeftAsItIs()
    {
        var error = RpcErrors.InvalidArgument("f", "d");
        Assert.Same(error, EngineErrors.Of(error));
    }
}
