using System.Text;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Client;

/// <summary>Turns an <see cref="RpcException"/> and its <c>google.rpc</c> details into one line for a person.</summary>
public static class RpcErrorText
{
    /// <summary>
    /// The status, its message, and whatever the details add: fields at fault, the resource that is missing, when to try again.
    /// For example <c>INVALID_ARGUMENT: k: must be 1..1000 (was 0)</c>.
    /// </summary>
    public static string Describe(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var text = new StringBuilder();
        text.Append(CodeName(exception.StatusCode));
        Append(text, ": ", exception.Status.Detail);
        if (exception.GetRpcStatus() is { } status)
        {
            foreach (var violation in status.GetDetail<BadRequest>()?.FieldViolations ?? [])
            {
                // The daemon's messages mostly repeat the details; other servers' do not.
                if (!Mentions(text, violation.Field) || !Mentions(text, violation.Description))
                    Append(text, "; ", $"{violation.Field}: {violation.Description}");
            }
            if (status.GetDetail<ResourceInfo>() is { } resource && !Mentions(text, resource.ResourceName))
                Append(text, "; ", $"{resource.ResourceType} '{resource.ResourceName}'");
            if (status.GetDetail<ErrorInfo>() is { } info) Append(text, " ", $"[{info.Reason}]");
            if (RetryDelay(status) is { } delay) Append(text, "; ", $"try again in {delay.TotalSeconds:0.###} s");
        }
        // What the connection said is in an inner exception only: "Connection refused" instead of "Error connecting to subchannel."
        if (exception.StatusCode == StatusCode.Unavailable && exception.Status.DebugException is { } cause && !Mentions(text, cause.Message))
            Append(text, " ", $"({Innermost(cause).Message})");
        return text.ToString();
    }

    /// <summary>The fields at fault, each with what would be right; empty unless the call was refused as INVALID_ARGUMENT with details.</summary>
    public static IReadOnlyList<(string Field, string Description)> FieldViolations(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.GetRpcStatus()?.GetDetail<BadRequest>() is { } bad
            ? [.. bad.FieldViolations.Select(violation => (violation.Field, violation.Description))]
            : [];
    }

    /// <summary>When the daemon asks to be called again; null where it does not say.</summary>
    public static TimeSpan? RetryDelay(RpcException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.GetRpcStatus() is { } status ? RetryDelay(status) : null;
    }

    private static TimeSpan? RetryDelay(Google.Rpc.Status status) => status.GetDetail<RetryInfo>()?.RetryDelay?.ToTimeSpan();

    /// <summary><c>NotFound</c> as <c>NOT_FOUND</c>, the name that every other gRPC tool shows.</summary>
    private static string CodeName(StatusCode code)
    {
        var name = new StringBuilder();
        foreach (var letter in code.ToString())
        {
            if (char.IsUpper(letter) && name.Length > 0) name.Append('_');
            name.Append(char.ToUpperInvariant(letter));
        }
        return code == StatusCode.OK ? "OK" : name.ToString();
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner) exception = inner;
        return exception;
    }

    private static bool Mentions(StringBuilder text, string part) => text.ToString().Contains(part, StringComparison.Ordinal);

    private static void Append(StringBuilder text, string separator, string part)
    {
        if (part.Length > 0) text.Append(separator).Append(part);
    }
}
