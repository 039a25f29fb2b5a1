using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmbeddingGrpc.Server.Tests.Hosting.Tls;

/// <summary>A certificate authority of the test's own, which issues certificates for 127.0.0.1 as PEM files.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _authority;

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
    }

    /// <summary>Writes a new certificate and its key over the two files.</summary>
    /// <returns>Its thumbprint.</returns>
    /// <param name="certificatePath">PEM file.</param>
    /// <param name="keyPath">PEM file.</param>
    /// <param name="purpose">What it may be used for, an object identifier; null for anything.</param>
    public string Issue(string certificatePath, string keyPath, string? purpose = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=daemon", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        if (purpose is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: true));
        using var certificate = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7), RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(certificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>Writes the authority's own certificate, for who is to trust it.</summary>
    public void WriteAuthority(string path) => File.WriteAllText(path, _authority.ExportCertificatePem());

    /// <summary>A handler that trusts this authority alone and tells which certificate the server presented.</summary>
    public SocketsHttpHandler Trusting(Action<string>? presented = null) => new()
    {
        SslOptions = new()
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { _authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            {
                presented?.Invoke(certificate!.GetCertHashString());
                return errors == System.Net.Security.SslPolicyErrors.None;
            },
        },
    };

    public void Dispose() => _authority.Dispose();
}
