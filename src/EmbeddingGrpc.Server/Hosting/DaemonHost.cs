using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Builds the daemon: configuration, rooms, ports. The executable, the demo and the tests all start it here.</summary>
public static class DaemonHost
{
    /// <summary>Builds a daemon that has not started yet.</summary>
    /// <param name="args">Command line, such as <c>--EmbeddingGrpc:GrpcPort=0</c> or <c>--GrpcPort 0</c>; after appsettings and environment.</param>
    /// <param name="configure">Changes the builder last, for tests and the demo.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(args);

        // Settings lie beside the executable, so that the daemon starts the same from any working directory.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddCommandLine(args, CommandLine.SwitchMappings);

        var daemon = builder.Configuration.GetSection(DaemonOptions.Section);
        builder.Services.AddDaemonOptions(daemon);
        builder.Services.AddPorts();
        builder.WebHost.UsePorts();
        builder.Services.AddServingStatus();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddModels(daemon);
        builder.Services.AddRecall(daemon);
        builder.Services.AddRecallCache(daemon);
        builder.Services.AddGrpc();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.MapGrpcService<EventGrpcService>();
        app.MapGrpcService<ModelGrpcService>();
        app.MapGrpcService<RecallGrpcService>();
        return app;
    }
}
