namespace EmbeddingGrpc.FunctionalTests.Redis;

/// <summary>A server that speaks Redis' protocol on a socket in the file system: no port to collide on.</summary>
internal interface IRespServer : IAsyncDisposable
{
    /// <summary>A configuration for the daemon's <c>Redis:Configuration</c>.</summary>
    string Configuration { get; }

    /// <summary>Ends it, however it is used at the moment.</summary>
    Task StopAsync();
}
