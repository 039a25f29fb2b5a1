using System.Net;
using System.Security.Cryptography.X509Certificates;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Hosting.Tls;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Hosting.Tls;

/// <summary>A daemon that asks callers for certificates, by both of its doors.</summary>
public sealed class ClientCertificateTests : IAsyncLifetime
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";
    private const string ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly TestCertificates _authority = new();
    private readonly TestCertificates _stranger = new();
    private readonly TemporaryFolder _folder = new();
    private TestDaemon _daemon = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string[] Settings =>
    [
        $"--EmbeddingGrpc:Tls:CertificatePath={File("tls.crt")}", $"--EmbeddingGrpc:Tls:KeyPath={File("tls.key")}", $"--EmbeddingGrpc:Tls:ClientCaPath={File("clients.crt")}",
    ];

    public async ValueTask InitializeAsync()
    {
        _authority.Issue(File("tls.crt"), File("tls.key"));
        _authority.WriteAuthority(File("clients.crt"));
        _daemon = await TestDaemon.StartAsync(args: Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.DisposeAsync();
        _authority.Dispose();
        _stranger.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ForClients)]
    public async Task Call_WithACertificateOfTheAuthority_IsServed(string? purpose)
    {
        using var certificate = Issue(_authority, purpose);
        await ListAsync(certificate);
        using var http = Http(certificate);
        using var response = await http.GetAsync("/v1/models", Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Call_WithoutACertificate_IsRefusedAtBothDoors()
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => ListAsync(null));
        // TLS 1.3 refuses after the client's side of the handshake: with the connection, or once the call is on its way.
        Assert.Contains(refusal.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal });
        Assert.True(refusal.Status.DebugException is HttpRequestException or IOException, refusal.ToString());
        using var http = Http(null);
        using var response = await http.GetAsync("/v1/models", Cancel);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("CLIENT_CERTIFICATE_MISSING", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz?service=EventService")]
    [InlineData("/metrics")]
    public async Task Probe_WithoutACertificate_IsAnswered(string path)
    {
        using var http = Http(null);
        using var response = await http.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Call_WithACertificateForServers_IsRefused()
    {
        using var certificate = Issue(_authority, ForServers);
        await Assert.ThrowsAsync<RpcException>(() => ListAsync(certificate));
    }

    [Fact]
    public async Task Call_WithAStrangersCertificate_IsRefusedAtBothDoors_UntilItsAuthorityIsTrusted()
    {
        using var certificate = Issue(_stranger, ForClients);
        await Assert.ThrowsAsync<RpcException>(() => ListAsync(certificate));
        using (var http = Http(certificate)) await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync("/healthz", Cancel));

        _stranger.WriteAuthority(File("clients.crt"));
        System.IO.File.SetLastWriteTimeUtc(File("clients.crt"), DateTime.UtcNow.AddMinutes(1));
        await ListAsync(certificate);
    }

    [Fact]
    public async Task Authorities_TurnedUnreadable_AreThoseBefore()
    {
        await System.IO.File.WriteAllTextAsync(File("clients.crt"), "half a file", Cancel);
        System.IO.File.SetLastWriteTimeUtc(File("clients.crt"), DateTime.UtcNow.AddMinutes(1));
        using var certificate = Issue(_authority, ForClients);
        await ListAsync(certificate);
        await Assert.ThrowsAsync<RpcException>(() => ListAsync(null));
    }

    [Fact]
    public void Authorities_OfAFileWithoutCertificates_AreRefusedByName()
    {
        System.IO.File.WriteAllText(File("none.crt"), "nothing here");
        var refusal = Assert.Throws<InvalidSettingException>(
            () => new ClientAuthorities(new TlsOptions { ClientCaPath = File("none.crt") }, NullLogger<ClientAuthorities>.Instance));
        Assert.Contains(File("none.crt"), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithAuthoritiesAndNoCertificate_IsRefusedByName()
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => TestDaemon.StartAsync(args: [Settings[2]]));
        Assert.Contains("ClientCaPath", StartFailure.Of(refusal)!.Message, StringComparison.Ordinal);
    }

    private string File(string name) => Path.Combine(_folder.FullPath, name);

    private X509Certificate2 Issue(TestCertificates authority, string? purpose)
    {
        authority.Issue(File("client.crt"), File("client.key"), purpose);
        return X509Certificate2.CreateFromPemFile(File("client.crt"), File("client.key"));
    }

    private SocketsHttpHandler Presenting(X509Certificate2? certificate)
    {
        var handler = _authority.Trusting();
        if (certificate is not null) handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return handler;
    }

    private HttpClient Http(X509Certificate2? certificate) => new(Presenting(certificate)) { BaseAddress = _daemon.Addresses.Http };

    private async Task ListAsync(X509Certificate2? certificate)
    {
        using var channel = GrpcChannel.ForAddress(_daemon.Addresses.Grpc, new GrpcChannelOptions { HttpHandler = Presenting(certificate), DisposeHttpClient = true });
        await new ModelService.ModelServiceClient(channel).ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancel);
    }
}
