using EmbeddingGrpc.Server.Access;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Grpc;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>Builds the daemon: configuration, rooms, ports. The executable, the demo and the tests all start it here.</summary>
public static class DaemonHost
{
    /// <summary>Builds a daemon that has not started yet.</summary>
    /// <param name="args">Command line, such as <c>--EmbeddingGrpc:GrpcPort=0</c> or <c>--GrpcPort 0</c>; after appsettings and environment.</param>
    /// <param name="configure">Changes the builder last, for tests and the demo.</param>
    /// <exception cref="InvalidSettingException">A setting does not exist, or the file of access keys is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        StartAhead.Begin();

        // Settings lie beside the executable, so that the daemon starts the same from any working directory.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddCommandLine(args, CommandLine.SwitchMappings);
        var daemon = builder.Configuration.GetSection(DaemonOptions.Section);
        SettingNames.Check(daemon, args);
        LoggingFile.Add(builder.Configuration, daemon);
        ConsoleFormat.Obey(builder);

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddDaemon(daemon);
        builder.Services.AddModels(daemon);
        builder.Services.AddRecall(daemon);
        builder.Services.AddRecallCache(daemon);
        builder.Services.AddIngest(daemon);
        builder.Services.AddGrpcServices();
        builder.Services.AddDaemonTelemetry(builder.Configuration);
        builder.Services.AddCalls();
        builder.WebHost.UsePorts();
        var startLog = StartLog.Quieten(builder.Logging);
        configure?.Invoke(builder);

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(startLog.Restore);
        // Read now: a daemon with keys that cannot be read must not start, nor touch its data.
        app.Services.GetRequiredService<AccessKeys>();
        app.Services.GetRequiredService<CallMapping>().Of(app);
        return app;
    }
}
