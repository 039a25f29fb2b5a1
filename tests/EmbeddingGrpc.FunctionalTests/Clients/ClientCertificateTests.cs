using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Clients;

/// <summary><c>embedctl check</c>, which is what <c>helm test</c> runs, against a daemon that speaks TLS and asks for a client's certificate.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly PrivateAuthority _authority = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _data.Dispose();
    }

    [Fact]
    public async Task Check_WithAndWithoutACertificate_DoesItsWorkOrIsRefused()
    {
        var (certificate, key) = _authority.Issue("daemon");
        await using var daemon = await DaemonProcess.StartAsync(
            _data.File("data"), Cancel,
            $"--EmbeddingGrpc:Tls:CertificatePath={certificate}", $"--EmbeddingGrpc:Tls:KeyPath={key}", $"--EmbeddingGrpc:Tls:ClientCaPath={_authority.CertificatePath}");
        var (clientCertificate, clientKey) = _authority.Issue("caller");
        var trusting = new Dictionary<string, string> { ["SSL_CERT_FILE"] = _authority.CertificatePath };

        var without = await ProgramRun.RunAsync(Build.CommandLineExecutable, ["check", "--address", daemon.GrpcAddress.ToString()], Cancel, trusting);
        Assert.NotEqual(0, without.ExitCode);

        string[] line = ["check", "--address", daemon.GrpcAddress.ToString(), "--client-certificate", clientCertificate, "--client-key", clientKey];
        var with = await ProgramRun.RunAsync(Build.CommandLineExecutable, line, Cancel, trusting);
        Assert.True(with.ExitCode == 0, with.Output + with.Errors);
    }

    [Theory]
    [InlineData("--client-certificate", "caller.crt", "belong together")]
    [InlineData("--client-key", "caller.key", "belong together")]
    public async Task Command_WithHalfACertificate_SaysWhatIsMissing(string option, string file, string said)
    {
        var run = await ProgramRun.RunAsync(Build.CommandLineExecutable, ["models", "list", option, file], Cancel);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_WithFilesThatAreNoCertificate_NamesThem()
    {
        var nothing = _data.File("nothing.pem");
        await File.WriteAllTextAsync(nothing, "nothing", Cancel);
        var run = await ProgramRun.RunAsync(Build.CommandLineExecutable, ["models", "list", "--client-certificate", nothing, "--client-key", nothing], Cancel);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(nothing, run.Errors, StringComparison.Ordinal);
    }
}
