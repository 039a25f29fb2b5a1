using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Hosting.Tls;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Hosting.Tls;

public sealed class ServerCertificateTests : IDisposable
{
    private readonly TestCertificates _authority = new();
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private string CertificatePath => Path.Combine(_folder.FullPath, "tls.crt");

    private string KeyPath => Path.Combine(_folder.FullPath, "tls.key");

    private string[] Settings => [$"--EmbeddingGrpc:Tls:CertificatePath={CertificatePath}", $"--EmbeddingGrpc:Tls:KeyPath={KeyPath}"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Start_WithACertificate_ServesBothPortsOverTlsOnly()
    {
        var issued = _authority.Issue(CertificatePath, KeyPath);
        await using var daemon = await TestDaemon.StartAsync(args: Settings);
        Assert.Equal(Uri.UriSchemeHttps, daemon.Addresses.Grpc.Scheme);
        Assert.Equal(Uri.UriSchemeHttps, daemon.Addresses.Http.Scheme);

        var presented = "";
        using var channel = GrpcChannel.ForAddress(daemon.Addresses.Grpc, new GrpcChannelOptions { HttpHandler = _authority.Trusting(print => presented = print) });
        var health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest { Service = "embeddinggrpc.v1.EventService" }, cancellationToken: Cancel);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Equal(issued, presented);

        using var http = new HttpClient(_authority.Trusting()) { BaseAddress = daemon.Addresses.Http };
        Assert.Equal("ok\n", await http.GetStringAsync("/healthz", Cancel));

        var cleartext = new UriBuilder(daemon.Addresses.Grpc) { Scheme = Uri.UriSchemeHttp }.Uri;
        using var plain = GrpcChannel.ForAddress(cleartext);
        await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(plain).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancel));
    }

    [Fact]
    public void Context_FilesReplaced_PresentsTheNewOneAfterTheInterval()
    {
        var first = _authority.Issue(CertificatePath, KeyPath);
        using var certificate = new ServerCertificate(Options, _time, NullLogger<ServerCertificate>.Instance);
        Assert.Equal(first, certificate.Context.TargetCertificate.Thumbprint);

        var second = Replace();
        Assert.Equal(first, certificate.Context.TargetCertificate.Thumbprint);
        _time.Advance(ServerCertificate.LookInterval);
        Assert.Equal(second, certificate.Context.TargetCertificate.Thumbprint);
    }

    [Fact]
    public void Context_FilesHalfReplaced_PresentsTheOldOneUntilBothAreThere()
    {
        var first = _authority.Issue(CertificatePath, KeyPath);
        using var certificate = new ServerCertificate(Options, _time, NullLogger<ServerCertificate>.Instance);

        var oldKey = File.ReadAllText(KeyPath);
        var second = Replace();
        var newKey = File.ReadAllText(KeyPath);
        File.WriteAllText(KeyPath, oldKey);
        _time.Advance(ServerCertificate.LookInterval);
        Assert.Equal(first, certificate.Context.TargetCertificate.Thumbprint);

        File.WriteAllText(KeyPath, newKey);
        File.SetLastWriteTimeUtc(KeyPath, DateTime.UtcNow.AddMinutes(2));
        _time.Advance(ServerCertificate.LookInterval);
        Assert.Equal(second, certificate.Context.TargetCertificate.Thumbprint);
    }

    [Fact]
    public async Task Start_OneFileMissing_IsRefusedByName()
    {
        _authority.Issue(CertificatePath, KeyPath);
        File.Delete(KeyPath);
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: Settings));
        var failure = StartFailure.Of(refusal);
        Assert.Equal(2, failure!.ExitCode);
        Assert.Contains(KeyPath, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_KeyOfAnotherCertificate_IsRefused()
    {
        _authority.Issue(CertificatePath, KeyPath);
        var key = File.ReadAllText(KeyPath);
        _authority.Issue(CertificatePath, KeyPath);
        await File.WriteAllTextAsync(KeyPath, key, Cancel);
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: Settings));
        Assert.Contains("belong together", StartFailure.Of(refusal)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_CertificateWithoutKey_IsRefusedByName()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: Settings[..1]));
        Assert.Contains("KeyPath", StartFailure.Of(refusal)!.Message, StringComparison.Ordinal);
    }

    private TlsOptions Options => new() { CertificatePath = CertificatePath, KeyPath = KeyPath };

    // A file system may keep times too coarsely for two writes of one test.
    private string Replace()
    {
        var thumbprint = _authority.Issue(CertificatePath, KeyPath);
        File.SetLastWriteTimeUtc(CertificatePath, DateTime.UtcNow.AddMinutes(1));
        File.SetLastWriteTimeUtc(KeyPath, DateTime.UtcNow.AddMinutes(1));
        return thumbprint;
    }
}
