using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// The requests of a stream, where a connection that breaks is told as what it is to a daemon: the caller gave the call up. The call's own token tells of it too, but a moment later, and a
/// failure that nobody has an explanation for by then is taken for the daemon's.
/// </summary>
/// <param name="requests">As gRPC reads them.</param>
/// <typeparam name="T">A request.</typeparam>
internal sealed class CallerStream<T>(IAsyncStreamReader<T> requests) : IAsyncStreamReader<T>
{
    /// <inheritdoc/>
    public T Current => requests.Current;

    /// <inheritdoc/>
    /// <exception cref="RpcException">CANCELLED: the connection broke.</exception>
    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var moving = requests.MoveNext(cancellationToken);
        return moving.IsCompletedSuccessfully ? moving : AwaitAsync(moving);
    }

    private static async Task<bool> AwaitAsync(Task<bool> moving)
    {
        try
        {
            return await moving;
        }
        // A message that cannot be parsed is an IOException to its library.
        catch (IOException e) when (e is not InvalidProtocolBufferException)
        {
            throw RpcErrors.Cancelled("The connection to the caller broke.");
        }
    }
}
