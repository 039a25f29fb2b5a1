using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>The one place where gRPC errors are made, with <c>google.rpc</c> details that name the thing at fault.</summary>
public static class RpcErrors
{
    private const string Domain = "embeddinggrpc";

    /// <summary>INVALID_ARGUMENT: a field is wrong. The description says what would be right.</summary>
    public static RpcException InvalidArgument(string field, string description) =>
        InvalidArgument([new BadRequest.Types.FieldViolation { Field = field, Description = description }]);

    /// <summary>INVALID_ARGUMENT: several fields are wrong.</summary>
    public static RpcException InvalidArgument(IReadOnlyCollection<BadRequest.Types.FieldViolation> violations)
    {
        var message = string.Join("; ", violations.Select(v => $"{v.Field}: {v.Description}"));
        return Make(Code.InvalidArgument, message, new BadRequest { FieldViolations = { violations } });
    }

    /// <summary>NOT_FOUND: a named resource does not exist.</summary>
    public static RpcException NotFound(string resourceType, string resourceName, string message) =>
        Make(Code.NotFound, message, new ResourceInfo { ResourceType = resourceType, ResourceName = resourceName, Description = message });

    /// <summary>ALREADY_EXISTS: a named resource is there already.</summary>
    public static RpcException AlreadyExists(string resourceType, string resourceName, string message) =>
        Make(Code.AlreadyExists, message, new ResourceInfo { ResourceType = resourceType, ResourceName = resourceName, Description = message });

    /// <summary>FAILED_PRECONDITION: the call is right but not now; the message says what must come first.</summary>
    public static RpcException FailedPrecondition(string reason, string message) =>
        Make(Code.FailedPrecondition, message, new ErrorInfo { Domain = Domain, Reason = reason });

    /// <summary>UNAUTHENTICATED: nobody known calls.</summary>
    public static RpcException Unauthenticated(string reason, string message) =>
        Make(Code.Unauthenticated, message, new ErrorInfo { Domain = Domain, Reason = reason });

    /// <summary>PERMISSION_DENIED: the caller is known and may not do this.</summary>
    public static RpcException PermissionDenied(string reason, string message) =>
        Make(Code.PermissionDenied, message, new ErrorInfo { Domain = Domain, Reason = reason });

    /// <summary>ABORTED: someone newer took over.</summary>
    public static RpcException Aborted(string reason, string message) =>
        Make(Code.Aborted, message, new ErrorInfo { Domain = Domain, Reason = reason });

    /// <summary>RESOURCE_EXHAUSTED: a limit is reached. With a delay where a retry may help.</summary>
    public static RpcException ResourceExhausted(string reason, string message, TimeSpan? retryAfter = null) =>
        MakeWithRetry(Code.ResourceExhausted, reason, message, retryAfter);

    /// <summary>UNAVAILABLE: the daemon cannot do this now. With a delay where a retry may help.</summary>
    public static RpcException Unavailable(string reason, string message, TimeSpan? retryAfter = null) =>
        MakeWithRetry(Code.Unavailable, reason, message, retryAfter);

    /// <summary>CANCELLED: the caller gave up.</summary>
    public static RpcException Cancelled(string message) => Make(Code.Cancelled, message);

    /// <summary>DEADLINE_EXCEEDED: the caller's time is up.</summary>
    public static RpcException DeadlineExceeded(string message) => Make(Code.DeadlineExceeded, message);

    /// <summary>DATA_LOSS: something on disk is damaged; the message names the file and the place.</summary>
    public static RpcException DataLoss(string reason, string message) =>
        Make(Code.DataLoss, message, new ErrorInfo { Domain = Domain, Reason = reason });

    /// <summary>INTERNAL: a defect. The message must tell nothing of the inside.</summary>
    public static RpcException Internal(string message) => Make(Code.Internal, message);

    private static RpcException MakeWithRetry(Code code, string reason, string message, TimeSpan? retryAfter)
    {
        var info = new ErrorInfo { Domain = Domain, Reason = reason };
        return retryAfter is { } delay
            ? Make(code, message, info, new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) })
            : Make(code, message, info);
    }

    private static RpcException Make(Code code, string message, params Google.Protobuf.IMessage[] details)
    {
        var status = new Google.Rpc.Status { Code = (int)code, Message = message };
        foreach (var detail in details) status.Details.Add(Any.Pack(detail));
        return status.ToRpcException();
    }
}
