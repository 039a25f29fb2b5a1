using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmbeddingGrpc.Server.Hosting.Tls;

/// <summary>
/// Whose certificates callers must present, as <see cref="TlsOptions.ClientCaPath"/> says now. A handshake looks whether the file has changed, and takes one immutable
/// snapshot; two that look at once read the same twice. Any thread.
/// </summary>
internal sealed partial class ClientAuthorities
{
    // The purpose "client authentication", of RFC 5280: a server's certificate of the same authority is nobody's way in.
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly string _path;
    private readonly ILogger _logger;
    private volatile Snapshot _current;

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidSettingException">It cannot be read, or holds no certificate.</exception>
    public ClientAuthorities(TlsOptions options, ILogger<ClientAuthorities> logger)
    {
        _path = options.ClientCaPath;
        _logger = logger;
        try
        {
            _current = Read();
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new InvalidSettingException($"EmbeddingGrpc:Tls:ClientCaPath: '{_path}' cannot be used: {e.Message} Name a PEM file of the authorities that issue callers' certificates.");
        }
    }

    /// <summary>Lets a handshake ask for a certificate.</summary>
    /// <param name="handshake">Changed.</param>
    /// <param name="required">Whether it fails without one; a wrong one always fails it.</param>
    public void Ask(SslServerAuthenticationOptions handshake, bool required)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(Trusted());
        policy.ApplicationPolicy.Add(ClientAuthentication);
        handshake.ClientCertificateRequired = true;
        handshake.CertificateChainPolicy = policy;
        handshake.RemoteCertificateValidationCallback = (_, certificate, _, errors) => errors == SslPolicyErrors.None || (certificate is null && !required);
    }

    // A file that is wrong for a moment must neither lock everybody out nor let anybody in: the authorities before it hold.
    private X509Certificate2Collection Trusted()
    {
        var current = _current;
        var stamp = FileTime.ChangedAt(_path);
        if (stamp == current.Stamp) return current.Authorities;
        try
        {
            current = Read();
            LogRead(_path, current.Authorities.Count);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            current = current with { Stamp = stamp };
            LogUnreadable(_path, e.Message);
        }

        _current = current;
        return current.Authorities;
    }

    private Snapshot Read()
    {
        var stamp = FileTime.ChangedAt(_path);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(_path);
        return authorities.Count > 0 ? new Snapshot(stamp, authorities) : throw new CryptographicException("It holds no certificate.");
    }

    private static bool IsUnreadable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    [LoggerMessage(1012, LogLevel.Information, "The authorities of callers in {Path} were read again: {Count} certificates.")]
    private partial void LogRead(string path, int count);

    [LoggerMessage(1013, LogLevel.Error, "The changed authorities of callers in {Path} cannot be used; those before them still hold. {Reason}")]
    private partial void LogUnreadable(string path, string reason);

    private sealed record Snapshot(DateTime Stamp, X509Certificate2Collection Authorities);
}
