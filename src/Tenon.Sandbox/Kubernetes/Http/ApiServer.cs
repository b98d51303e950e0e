using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Security;
using Tenon.Sandbox.Measures;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Takes requests: logs and delays them like every API call, finds out who asks and whether they may, and hands them on.</summary>
internal sealed class ApiServer(ObjectOperations objects, AccessControl access, SpecialSubresources special, CallPipeline pipeline, CancellationToken stopping)
{
    private readonly Discovery _discovery = new(objects.Registry);
    private readonly ObjectHandler _handler = new(objects, access, special, stopping);

    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext context)
    {
        RequestInfo request = RequestInfo.Parse(context.Request);
        var call = new ApiCall
        {
            Service = CallLog.Kubernetes,
            Operation = request.Operation,
            Path = request.Path + context.Request.QueryString,
            Kind = request.Verb is "get" or "list" or "watch" or "head" || IsReview(request) ? CallKind.Read : CallKind.Write,
            WriteError = (http, status, message) => Answer.SendAsync(http, new ApiException(status, ReasonOf(status), message ?? $"the sandbox was told to answer {status}")),
        };
        return pipeline.InvokeAsync(context, call, () => ProcessAsync(context, request));
    }

    private async Task ProcessAsync(HttpContext context, RequestInfo request)
    {
        try
        {
            UserInfo user = access.Authenticate(context);
            access.Authorize(user, request);
            if (request.IsResource) await _handler.HandleAsync(context, request, user);
            else await _discovery.HandleAsync(context, request.Path);
        }
        catch (ApiException e) when (!context.Response.HasStarted)
        {
            await Answer.SendAsync(context, e);
        }
    }

    private static bool IsReview(RequestInfo request) => request.Resource.EndsWith("reviews", StringComparison.Ordinal);

    private static string ReasonOf(int status) => status switch
    {
        400 => "BadRequest", 401 => "Unauthorized", 403 => "Forbidden", 404 => "NotFound", 409 => "Conflict", 410 => "Expired",
        429 => "TooManyRequests", 500 => "InternalError", 503 => "ServiceUnavailable", 504 => "Timeout", _ => "",
    };
}
