using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Cli.Tests.Commands;

/// <summary>A daemon that asks for keys, from the command line.</summary>
public sealed class AccessKeyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Command_WithAndWithoutTheKey_IsLetThroughOrToldWhatIsMissing()
    {
        var keys = _directory.Write("keys", "ops admin 0123456789abcdef\n");
        string[] settings = ["--GrpcPort=0", "--HttpPort=0", $"--DataDirectory={Path.Combine(_directory.Path, "data")}", $"--EmbeddingGrpc:AccessKeysFile={keys}"];
        await using var daemon = DaemonHost.Build(settings, builder => builder.Logging.ClearProviders());
        await daemon.StartAsync(TestContext.Current.CancellationToken);
        var address = daemon.Services.GetRequiredService<DaemonAddresses>().Grpc.ToString();

        var without = await CliRun.OfAsync("models", "list", "--address", address);
        Assert.Equal(ExitCode.Failed, without.ExitCode);
        Assert.Contains("This daemon asks for a key", without.Error, StringComparison.Ordinal);

        var with = await CliRun.OfAsync("models", "list", "--address", address, "--access-key", "0123456789abcdef");
        Assert.True(with.ExitCode == ExitCode.Success, with.Error);
        await daemon.StopAsync(TestContext.Current.CancellationToken);
    }
}
