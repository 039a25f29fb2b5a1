using System.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>A command that talks to a running daemon: where it is, and what to say when it is not there.</summary>
internal abstract class DaemonCommand : EmbedCtlCommand
{
    private const string AccessKeyVariable = "EMBEDDINGGRPC_ACCESS_KEY";
    private const string CertificateVariable = "EMBEDDINGGRPC_CLIENT_CERTIFICATE";
    private const string KeyVariable = "EMBEDDINGGRPC_CLIENT_KEY";
    private const string DefaultAddress = "http://127.0.0.1:50051";

    private readonly Option<string> _address = new("--address")
    {
        Description = "The daemon's gRPC address.",
        HelpName = "URL",
        DefaultValueFactory = _ => DefaultAddress,
    };

    private readonly Option<string> _accessKey = new("--access-key")
    {
        Description = $"The key that a daemon with access keys asks for. Default: the environment variable {AccessKeyVariable}, which other users of the machine do not see.",
        HelpName = "KEY",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(AccessKeyVariable) ?? "",
    };

    private readonly Option<string> _certificate = new("--client-certificate")
    {
        Description = $"PEM file of the certificate that a daemon with Tls:ClientCaPath asks for. Default: the environment variable {CertificateVariable}.",
        HelpName = "FILE",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(CertificateVariable) ?? "",
    };

    private readonly Option<string> _key = new("--client-key")
    {
        Description = $"PEM file of that certificate's private key. Default: the environment variable {KeyVariable}.",
        HelpName = "FILE",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(KeyVariable) ?? "",
    };

    /// <inheritdoc cref="EmbedCtlCommand(CommandConsole, string, string, IReadOnlyList{string})"/>
    protected DaemonCommand(CommandConsole console, string name, string description, params IReadOnlyList<string> examples)
        : base(console, name, description, examples)
    {
        _address.Validators.Add(result =>
        {
            var text = result.GetValueOrDefault<string>();
            var valid = Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https" or "dns");
            if (!valid) result.AddError($"--address '{text}' is not an http://, https:// or dns:/// address, such as {DefaultAddress}.");
        });
        Add(_address);
        Add(_accessKey);
        Add(_certificate);
        Add(_key);
    }

    /// <summary>A client of the daemon that the command line names.</summary>
    protected EmbeddingClient Connect(ParseResult arguments) => Connect(ClientOptions(arguments));

    /// <summary>A client of the daemon that the options name.</summary>
    protected static EmbeddingClient Connect(EmbeddingClientOptions options)
    {
        if ((options.ClientCertificatePath.Length == 0) != (options.ClientKeyPath.Length == 0))
            throw CommandFailedException.Usage("--client-certificate and --client-key belong together: name both files, or neither.");
        try
        {
            return new(options);
        }
        catch (ArgumentException e)
        {
            throw CommandFailedException.Usage(e.Message);
        }
    }

    /// <summary>How the daemon is reached.</summary>
    protected virtual EmbeddingClientOptions ClientOptions(ParseResult arguments) =>
        new()
        {
            Address = arguments.GetRequiredValue(_address),
            AccessKey = arguments.GetValue(_accessKey) ?? "",
            ClientCertificatePath = arguments.GetValue(_certificate) ?? "",
            ClientKeyPath = arguments.GetValue(_key) ?? "",
            // A person waits: one quick second try for a connection that just broke, then the reason.
            MaximumAttempts = 2,
            CallTimeout = TimeSpan.FromSeconds(30),
        };

    /// <inheritdoc/>
    protected override string? Explain(Exception exception, ParseResult arguments) => exception switch
    {
        RpcException e => Explain(e, arguments),
        EventStreamException { InnerException: RpcException { StatusCode: StatusCode.Unavailable } e } => Explain(e, arguments),
        EventStreamException e => e.Message,
        _ => base.Explain(exception, arguments),
    };

    private string Explain(RpcException exception, ParseResult arguments)
    {
        // Only a daemon that was reached sends details.
        if (exception.StatusCode != StatusCode.Unavailable || exception.GetRpcStatus() is not null) return RpcErrorText.Describe(exception);
        var address = arguments.GetRequiredValue(_address);
        return $"cannot reach the daemon at {address} ({RpcErrorText.Describe(exception)}); "
            + "start it with 'dotnet run -c Release --project src/EmbeddingGrpc.Server' or pass --address";
    }
}
