using Grpc.Core;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>Which ends of a stream are worth another try.</summary>
internal static class StreamFailures
{
    /// <summary>False where the daemon has understood the stream and will refuse it again: a wrong model, a bad producer name, no permission.</summary>
    public static bool MayPass(StatusCode code) => code is
        StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.DeadlineExceeded or
        StatusCode.Cancelled or StatusCode.Internal or StatusCode.Unknown;
}
