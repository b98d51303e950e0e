namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>
/// One service of one region (Keystone: of the whole cloud): its routes, how it words errors and what it adds to every answer. Handlers run
/// one at a time, with the gate held; they render, validate and change state as plain code.
/// </summary>
internal abstract class ApiService
{
    /// <summary>The catalog's name for it, such as <c>network</c>; operations start with it.</summary>
    public abstract string Name { get; }

    /// <summary>Its routes.</summary>
    public RouteTable Routes { get; } = new();

    /// <summary>Called before anything else, token check included: negotiates microversions. May throw <see cref="ApiFault"/>.</summary>
    public virtual void Begin(ApiRequest request)
    {
    }

    /// <summary>Adds to the headers of every answer, errors included. The dispatcher has set <c>x-openstack-request-id</c>.</summary>
    public virtual void Finish(ApiRequest request, IDictionary<string, string> headers)
    {
    }

    /// <summary>Words an error as this service does.</summary>
    public abstract ApiResponse Render(ApiFault fault, ApiRequest request);

    /// <summary>The answer to a missing, unknown or expired token, which most services leave to keystonemiddleware.</summary>
    public virtual ApiResponse Unauthenticated(ApiRequest request)
        => ApiResponse.Text(
                401,
                """{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}""",
                "application/json")
            .With("WWW-Authenticate", $"Keystone uri=\"{IdentityUrl}\"");

    /// <summary>The answer to a path that has no route.</summary>
    public virtual ApiFault NoRoute(ApiRequest request) => new(404, "The resource could not be found.");

    /// <summary>The answer to a path that lacks the method.</summary>
    public virtual ApiFault NoMethod(ApiRequest request, IReadOnlyCollection<string> allowed)
        => new(405, $"The method {request.Method} is not allowed for this resource.") { Headers = { ["Allow"] = string.Join(", ", allowed) } };

    /// <summary>Whether an unknown path is answered before the token is looked at; most services have keystonemiddleware in front.</summary>
    public virtual bool KnowsRoutesBeforeTokens => false;

    /// <summary>Where Keystone is, for <c>WWW-Authenticate</c>; the cloud sets it when its port is known.</summary>
    public string IdentityUrl { get; set; } = "";
}
