namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Builds the daemon: configuration, rooms, ports. The executable, the demo and the tests all start it here.</summary>
public static class DaemonHost
{
    /// <summary>Builds a daemon that has not started yet.</summary>
    /// <param name="args">Command line, such as <c>--EmbeddingGrpc:GrpcPort=0</c>; after appsettings and environment.</param>
    /// <param name="configure">Changes the builder last, for tests and the demo.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null) => throw new NotImplementedException();
}
