using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Cli.Tests;

/// <summary>A daemon on free ports and a directory of its own, shared by the tests of a class; each uses a model of its own.</summary>
public sealed class DaemonFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("embedctl-tests-");
    private WebApplication? _app;

    public string Address => Addresses.Grpc.ToString();

    public string HttpAddress => Addresses.Http.ToString();

    public string DataDirectory => Path.Combine(_directory.FullName, "data");

    private DaemonAddresses Addresses => _app!.Services.GetRequiredService<DaemonAddresses>();

    public async ValueTask InitializeAsync()
    {
        string[] settings = ["--GrpcPort", "0", "--HttpPort", "0", "--DataDirectory", DataDirectory];
        _app = DaemonHost.Build(settings, builder => builder.Logging.ClearProviders());
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>Runs embedctl against this daemon.</summary>
    internal Task<CliRun> RunAsync(params IReadOnlyList<string> args) => CliRun.OfAsync([.. args, "--address", Address]);

    /// <summary>Creates a model that trains in no time.</summary>
    internal async Task<string> CreateModelAsync(string name)
    {
        using var client = new EmbeddingClient(Address);
        var request = new CreateModelRequest { Model = name, Options = { ["Training.Dimension"] = "8", ["Training.Epochs"] = "3", ["Training.Threads"] = "1" } };
        await client.Models.CreateModelAsync(request, cancellationToken: TestContext.Current.CancellationToken);
        return name;
    }

    /// <summary>Creates a model, feeds it 482 interactions and trains it.</summary>
    internal async Task<string> CreateTrainedModelAsync(string name)
    {
        await CreateModelAsync(name);
        using var directory = new TemporaryDirectory();
        var file = directory.Write("histories.txt", string.Join('\n', Enumerable.Range(0, 40).Select(user => $"user-{user} a b c d e f g h i j k l").Append("beginner a b")));
        foreach (var args in new string[][] { ["ingest", "--format", "sequences", file], ["train"] })
        {
            var run = await RunAsync([.. args, "--model", name]);
            Assert.True(run.ExitCode == 0, run.Error);
        }
        return name;
    }
}
