using System.ComponentModel.DataAnnotations;
using System.Net;
using EmbeddingGrpc.Server.Hosting.Tls;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>The daemon's own settings: configuration section <c>EmbeddingGrpc</c>.</summary>
public sealed record DaemonOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "EmbeddingGrpc";

    /// <summary>IP address that both ports listen on, such as 0.0.0.0 for all of IPv4 or :: for all.</summary>
    [Required]
    [CustomValidation(typeof(DaemonOptions), nameof(ValidateListen))]
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>Where logs and generations live. One daemon at a time.</summary>
    [Required]
    public string DataDirectory { get; init; } = "./data";

    /// <summary>HTTP/2 cleartext port of the gRPC services; 0 means any free one.</summary>
    [Range(0, 65535)]
    public int GrpcPort { get; init; } = 50051;

    /// <summary>HTTP/1 port of health and metrics; 0 means any free one.</summary>
    [Range(0, 65535)]
    public int HttpPort { get; init; } = 8080;

    /// <summary>Largest gRPC message taken, in bytes; a larger one ends with RESOURCE_EXHAUSTED.</summary>
    [Range(64 * 1024, 1024 * 1024 * 1024)]
    public int MaximumMessageBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long calls and streams may take to end after the daemon was told to stop; then their connections are closed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>TLS of both ports.</summary>
    [CustomValidation(typeof(DaemonOptions), nameof(ValidateTls))]
    public TlsOptions Tls { get; init; } = new();

    /// <summary>
    /// File of the keys that may call, one a line: <c>NAME ROLES KEY</c>, roles among recall, ingest and admin, separated by commas. Empty lets everybody in. Read
    /// again within seconds when it changes.
    /// </summary>
    public string AccessKeysFile { get; init; } = string.Empty;

    /// <summary>
    /// JSON file with a section <c>Logging</c>, over all other sources; read again within seconds when it changes, so that levels change without a
    /// restart. It may come later, or never.
    /// </summary>
    public string LoggingFile { get; init; } = string.Empty;

    /// <summary>Checks <see cref="Tls"/>.</summary>
    public static ValidationResult? ValidateTls(TlsOptions tls)
    {
        if (tls is null) return ValidationResult.Success;
        if ((tls.CertificatePath.Length == 0) != (tls.KeyPath.Length == 0))
            return new ValidationResult("Tls: CertificatePath and KeyPath belong together; set both, or neither for cleartext.");
        return tls.ClientCaPath.Length > 0 && !tls.IsOn
            ? new ValidationResult("Tls: ClientCaPath asks callers for certificates, which only TLS can; set CertificatePath and KeyPath too, or leave it empty.")
            : ValidationResult.Success;
    }

    /// <summary>Checks <see cref="Listen"/>.</summary>
    public static ValidationResult? ValidateListen(string listen) =>
        IPAddress.TryParse(listen, out _) ? ValidationResult.Success : new ValidationResult($"Listen: '{listen}' is not an IP address; use one such as 127.0.0.1, 0.0.0.0 or ::.");
}
