using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Image;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>Nova, microversions 2.1 to 2.93.</summary>
internal sealed partial class ComputeService : ApiService
{
    private const string NoSuchUrl = "NoSuchUrl";
    private static readonly Microversion Lowest = new(2, 1);
    private static readonly Microversion Highest = new(2, 93);

    public ComputeService(RegionContext context, INetworkingForCompute networking, ImageService images)
    {
        State = new ComputeState(context);
        Routes.Get("/", "versions.list", Versions, anonymous: true);
        Routes.Get("/v2.1", "version.show", Version, anonymous: true);
        Routes.Get("/v2", "version.legacy", LegacyVersion, anonymous: true);
        var json = new ServerJson(State, networking);
        var lifecycle = new ServerLifecycle(State, networking);
        new ServerRoutes(State, json, lifecycle, new ServerCreation(State, networking, images, lifecycle)).Map(Routes);
        new ServerActions(State, networking, images, lifecycle).Map(Routes);
        new ServerDetailRoutes(State, networking).Map(Routes);
        new InterfaceRoutes(State, networking, lifecycle).Map(Routes);
        new FlavorRoutes(State).Map(Routes);
        new KeypairRoutes(State).Map(Routes);
        new ServerGroupRoutes(State).Map(Routes);
        new QuotaRoutes(State).Map(Routes);
        new HostRoutes(State).Map(Routes);
    }

    /// <inheritdoc/>
    public override string Name => "compute";

    public ComputeState State { get; }

    /// <inheritdoc/>
    public override void Begin(ApiRequest request)
    {
        string? wanted = null;
        // The header names a service a value: "compute 2.90, placement 1.30".
        foreach (string part in (request.Header("OpenStack-API-Version") ?? "").Split(','))
        {
            string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is ["compute", string version]) wanted = version;
        }

        wanted ??= request.Header("X-OpenStack-Nova-API-Version");
        if (wanted is null)
        {
            request.Version = Lowest;
            return;
        }

        if (wanted == "latest")
        {
            request.Version = Highest;
            return;
        }

        if (!VersionForm().IsMatch(wanted) || !Microversion.TryParse(wanted, out Microversion asked))
            throw new ApiFault(400, $"API Version String {wanted} is of invalid format. Must be of format MajorNum.MinorNum.");
        request.Version = asked;
        if (asked < Lowest || asked > Highest)
            throw new ApiFault(406, $"Version {asked} is not supported by the API. Minimum is {Lowest} and maximum is {Highest}.");
    }

    /// <inheritdoc/>
    public override void Finish(ApiRequest request, IDictionary<string, string> headers)
    {
        if (request.Path == "/")
        {
            // The list of versions is not counted as a request.
            headers.Remove("x-openstack-request-id");
            return;
        }

        headers.TryAdd("x-compute-request-id", request.RequestId);
        if (request.Version.Major == 0) return;
        headers.TryAdd("OpenStack-API-Version", $"compute {request.Version}");
        headers.TryAdd("X-OpenStack-Nova-API-Version", request.Version.ToString());
        headers.TryAdd("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version");
    }

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request)
    {
        if (fault.Type == NoSuchUrl)
        {
            return WebLayerErrors.Render(404, "Not Found", fault.Message, "", request.Header("Accept"));
        }

        string name = fault.Status switch
        {
            400 => "badRequest",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "itemNotFound",
            405 => "badMethod",
            409 => "conflictingRequest",
            413 or 429 => "overLimit",
            415 => "badMediaType",
            501 => "notImplemented",
            503 => "serviceUnavailable",
            _ => "computeFault",
        };
        var body = new JsonObject { ["code"] = fault.Status, ["message"] = fault.Message };
        if (fault.Status is 413 or 429 && fault.Headers.TryGetValue("Retry-After", out string? after)) body["retryAfter"] = after;
        return ApiResponse.Text(fault.Status, new JsonObject { [name] = body }.ToJsonString(), "application/json; charset=UTF-8");
    }

    /// <inheritdoc/>
    public override ApiFault NoRoute(ApiRequest request)
    {
        request.Version = default;
        return new ApiFault(404, "The resource could not be found.", NoSuchUrl);
    }

    /// <inheritdoc/>
    public override ApiFault NoMethod(ApiRequest request, IReadOnlyCollection<string> allowed) => NoRoute(request);

    private static ApiResponse Versions(ApiRequest request)
    {
        request.Version = default;
        return ApiResponse.Ok(new JsonObject
        {
            ["versions"] = new JsonArray(
                new JsonObject
                {
                    ["id"] = "v2.0", ["status"] = "SUPPORTED", ["version"] = "", ["min_version"] = "", ["updated"] = "2011-01-21T11:33:21Z",
                    ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2/" }),
                },
                new JsonObject
                {
                    ["id"] = "v2.1", ["status"] = "CURRENT", ["version"] = Highest.ToString(), ["min_version"] = Lowest.ToString(),
                    ["updated"] = "2013-07-23T11:33:21Z",
                    ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2.1/" }),
                }),
        });
    }

    [GeneratedRegex(@"^([1-9]\d*)\.([1-9]\d*|0)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex VersionForm();

    private static ApiResponse LegacyVersion(ApiRequest request)
    {
        request.Version = default;
        return ApiResponse.Wrapped(200, "version", new JsonObject
        {
            ["id"] = "v2.0",
            ["status"] = "SUPPORTED",
            ["version"] = "",
            ["min_version"] = "",
            ["updated"] = "2011-01-21T11:33:21Z",
            ["links"] = new JsonArray(
                new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2/" },
                new JsonObject { ["rel"] = "describedby", ["type"] = "text/html", ["href"] = "http://docs.openstack.org/" }),
            ["media-types"] = new JsonArray(
                new JsonObject { ["base"] = "application/json", ["type"] = "application/vnd.openstack.compute+json;version=2" }),
        });
    }

    private static ApiResponse Version(ApiRequest request)
    {
        return ApiResponse.Wrapped(200, "version", new JsonObject
        {
            ["id"] = "v2.1",
            ["status"] = "CURRENT",
            ["version"] = Highest.ToString(),
            ["min_version"] = Lowest.ToString(),
            ["updated"] = "2013-07-23T11:33:21Z",
            ["links"] = new JsonArray(
                new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2.1/" },
                new JsonObject { ["rel"] = "describedby", ["type"] = "text/html", ["href"] = "http://docs.openstack.org/" }),
            ["media-types"] = new JsonArray(
                new JsonObject { ["base"] = "application/json", ["type"] = "application/vnd.openstack.compute+json;version=2.1" }),
        });
    }
}
