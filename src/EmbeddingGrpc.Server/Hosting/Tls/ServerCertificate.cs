using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmbeddingGrpc.Server.Hosting.Tls;

/// <summary>
/// The daemon's certificate as its files say now: whoever renews certificates replaces files and restarts nobody. A handshake reads one
/// snapshot; the files are looked at no oftener than every <see cref="LookInterval"/>.
/// </summary>
internal sealed partial class ServerCertificate : IDisposable
{
    /// <summary>How old a snapshot may be before a handshake looks whether the files have changed.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private volatile Snapshot _current;
    private long _lookedAt;

    /// <summary>Reads the files.</summary>
    /// <exception cref="InvalidSettingException">One is missing, is no PEM file, or the two do not belong together.</exception>
    public ServerCertificate(TlsOptions options, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _lookedAt = time.GetTimestamp();
        try
        {
            _current = Read();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new InvalidSettingException(
                $"EmbeddingGrpc:Tls: certificate '{options.CertificatePath}' with key '{options.KeyPath}' cannot be used: {e.Message} " +
                "Name two PEM files that belong together, the key without a password.");
        }
    }

    /// <summary>What a handshake presents.</summary>
    public SslStreamCertificateContext Context
    {
        get
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) >= LookInterval) Look();
            return _current.Context;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _current.Dispose();

    // A certificate that is half replaced (new certificate, old key) is unreadable: the old pair serves until both are there.
    private void Look()
    {
        lock (_gate)
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookInterval) return;
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            try
            {
                if (Stamp() == _current.Stamp) return;
                // The one before is left to the finalizer: a handshake may still be using it.
                _current = Read();
                LogRenewed(_options.CertificatePath, _current.Context.TargetCertificate.NotAfter.ToUniversalTime());
            }
            catch (Exception e) when (IsUnreadable(e))
            {
                LogUnreadable(_options.CertificatePath, e.Message);
            }
        }
    }

    private Snapshot Read()
    {
        var stamp = Stamp();
        using var ephemeral = X509Certificate2.CreateFromPemFile(_options.CertificatePath, _options.KeyPath);
        // SslStream on Windows cannot use an ephemeral key; a round trip through PKCS #12 costs nothing elsewhere.
        var certificate = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_options.CertificatePath);
        X509Certificate2[] intermediates = [.. chain.Where(c => c.Thumbprint != certificate.Thumbprint)];
        // Offline: no call for missing intermediates or revocation goes out during a handshake.
        return new Snapshot(stamp, SslStreamCertificateContext.Create(certificate, new X509Certificate2Collection(intermediates), offline: true));
    }

    private (DateTime Certificate, DateTime Key) Stamp() => (FileTime.ChangedAt(_options.CertificatePath), FileTime.ChangedAt(_options.KeyPath));

    private static bool IsUnreadable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    [LoggerMessage(1010, LogLevel.Information, "The certificate {Path} was renewed; it is valid until {NotAfter:u}.")]
    private partial void LogRenewed(string path, DateTime notAfter);

    [LoggerMessage(1011, LogLevel.Warning, "The changed certificate {Path} cannot be used; the one before it still serves. {Reason}")]
    private partial void LogUnreadable(string path, string reason);

    private sealed record Snapshot((DateTime Certificate, DateTime Key) Stamp, SslStreamCertificateContext Context) : IDisposable
    {
        public void Dispose() => Context.TargetCertificate.Dispose();
    }
}
