using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmbeddingGrpc.Client.Calls;

/// <summary>The two files of a caller's certificate. Immutable.</summary>
internal sealed record ClientCertificate(string CertificatePath, string KeyPath)
{
    /// <summary>What the options name; null where they name none.</summary>
    /// <exception cref="ArgumentException">One file without the other, or files that cannot be used; says which.</exception>
    public static ClientCertificate? Of(EmbeddingClientOptions options)
    {
        var (certificate, key) = (options.ClientCertificatePath, options.ClientKeyPath);
        if (certificate.Length == 0 && key.Length == 0) return null;
        if (certificate.Length == 0 || key.Length == 0)
            throw new ArgumentException("ClientCertificatePath and ClientKeyPath belong together; set both, or neither.", nameof(options));
        var files = new ClientCertificate(certificate, key);
        try
        {
            files.Read().Dispose();
            return files;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"The client's certificate '{certificate}' with key '{key}' cannot be used: {e.Message}", nameof(options), e);
        }
    }

    /// <summary>Reads them as they are now.</summary>
    public X509Certificate2 Read()
    {
        using var ephemeral = X509Certificate2.CreateFromPemFile(CertificatePath, KeyPath);
        // SslStream on Windows cannot use an ephemeral key; a round trip through PKCS #12 costs nothing elsewhere.
        return X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), password: null);
    }
}
