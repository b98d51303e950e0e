using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>A request that ends in a <c>Status</c> object, worded as the real API server words it.</summary>
public sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Code { get; } = code;

    /// <summary>The machine-readable reason, for example <c>NotFound</c>.</summary>
    public string Reason { get; } = reason;

    /// <summary>The Status' own metadata: where a list that expired may go on.</summary>
    public JsonObject? ListMetadata { get; init; }

    /// <summary>The <c>Status</c> document.</summary>
    public JsonObject ToStatus()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = ListMetadata?.DeepClone() ?? new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason.Length > 0) status["reason"] = Reason;
        if (details is not null) status["details"] = details.DeepClone();
        status["code"] = Code;
        return status;
    }

    /// <summary>Seconds after which a client may try again.</summary>
    public long? RetryAfterSeconds => details.Long("retryAfterSeconds");

    /// <summary>404 for an object.</summary>
    public static ApiException NotFound(GroupResource resource, string name) =>
        new(404, "NotFound", $"{resource} \"{name}\" not found", Details(resource, name));

    /// <summary>404 for a path or resource that is not served.</summary>
    public static ApiException NoSuchResource() =>
        new(404, "NotFound", "the server could not find the requested resource", []);

    /// <summary>409: the name is taken.</summary>
    public static ApiException AlreadyExists(GroupResource resource, string name) =>
        new(409, "AlreadyExists", $"{resource} \"{name}\" already exists", Details(resource, name));

    /// <summary>409: somebody was faster.</summary>
    public static ApiException Conflict(GroupResource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource} \"{name}\": {why}", Details(resource, name));

    /// <summary>409 for an update based on an old resourceVersion.</summary>
    public static ApiException Modified(GroupResource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    /// <summary>422: validation failed.</summary>
    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        string qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        string list = errors.Count == 1 ? errors[0].ToString() : $"[{string.Join(", ", errors.Select(e => e.ToString()).Distinct())}]";
        JsonObject details = Details(new(group, kind), name);
        details["causes"] = new JsonArray([.. errors.Select(e => (JsonNode)new JsonObject
        {
            ["reason"] = e.Reason,
            ["message"] = e.Body,
            ["field"] = e.Field,
        })]);
        return new(422, "Invalid", $"{qualified} \"{name}\" is invalid: {list}", details);
    }

    /// <summary>400.</summary>
    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>401.</summary>
    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    /// <summary>403 for an object or collection.</summary>
    public static ApiException Forbidden(GroupResource resource, string name, string why)
    {
        string subject = name.Length == 0 ? $"{resource} is forbidden" : $"{resource} \"{name}\" is forbidden";
        return new(403, "Forbidden", $"{subject}: {why}", Details(resource, name));
    }

    /// <summary>410: the resourceVersion is too old.</summary>
    public static ApiException Expired(string message) => new(410, "Expired", message);

    /// <summary>405: the resource lacks the verb.</summary>
    public static ApiException MethodNotAllowed() =>
        new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    /// <summary>406: no acceptable form of the answer.</summary>
    public static ApiException NotAcceptable() => new(406, "NotAcceptable",
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, "
        + "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch", []);

    /// <summary>415 for a patch of an unknown type.</summary>
    public static ApiException UnsupportedPatch() => new(415, "UnsupportedMediaType", "415: Unsupported Media Type", []);

    /// <summary>422 for a patch that the object does not allow.</summary>
    public static ApiException RejectedPatch() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);

    /// <summary>500, as the real server answers a resource version that is no number.</summary>
    public static ApiException NoVersion(string text)
        => new(500, "", $"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");

    /// <summary>415: the body's form is not understood.</summary>
    public static ApiException UnsupportedMediaType(params IEnumerable<string> accepted) => new(415, "UnsupportedMediaType",
        $"the body of the request was in an unknown format - accepted media types include: {string.Join(", ", accepted)}");

    /// <summary>429.</summary>
    public static ApiException TooManyRequests(string message, int retryAfterSeconds) =>
        new(429, "TooManyRequests", message, retryAfterSeconds > 0 ? new JsonObject { ["retryAfterSeconds"] = retryAfterSeconds } : null);

    /// <summary>500.</summary>
    public static ApiException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}",
        new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    /// <summary>501, for what a simulated node cannot do.</summary>
    public static ApiException NotImplemented(string message) => new(501, "NotImplemented", message);

    /// <summary>409 for a server-side apply.</summary>
    public static ApiException ApplyConflict(IReadOnlyList<ApplyConflict> conflicts)
    {
        var owners = conflicts.GroupBy(c => c.Owner).Select(g => conflicts.Count == 1
            ? $"conflict with {g.Key}: {g.First().Field}"
            : $"conflicts with {g.Key}:\n{string.Join('\n', g.Select(c => $"- {c.Field}"))}");
        string count = conflicts.Count == 1 ? "1 conflict" : $"{conflicts.Count} conflicts";
        return new(409, "Conflict", $"Apply failed with {count}: {string.Join('\n', owners)}", new JsonObject
        {
            ["causes"] = new JsonArray([.. conflicts.Select(c => (JsonNode)new JsonObject
            {
                ["reason"] = "FieldManagerConflict",
                ["message"] = $"conflict with {c.Owner}",
                ["field"] = c.Field,
            })]),
        });
    }

    private static JsonObject Details(GroupResource resource, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0) details["name"] = name;
        if (resource.Group.Length > 0) details["group"] = resource.Group;
        details["kind"] = resource.Resource;
        return details;
    }
}
