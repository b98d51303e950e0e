using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Measures;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;

namespace Tenon.Sandbox.OpenStack;

/// <summary>The answer to an in-process call.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body, where it is JSON.</param>
/// <param name="Text">The body as text.</param>
public sealed record SandboxReply(int Status, JsonNode? Body, string Text)
{
    /// <summary>The body of a successful answer.</summary>
    /// <exception cref="InvalidOperationException">The answer is an error.</exception>
    public JsonNode Value
        => Status < 400 && Body is not null ? Body : throw new InvalidOperationException($"The sandbox answered {Status}: {Text}");

    /// <summary>Throws unless the call succeeded.</summary>
    /// <exception cref="InvalidOperationException">The answer is an error.</exception>
    public SandboxReply Expect()
        => Status < 400 ? this : throw new InvalidOperationException($"The sandbox answered {Status}: {Text}");
}

/// <summary>
/// The OpenStack half of the sandbox: Keystone for all regions, the other services for each region. Paths are devstack's:
/// <c>/identity</c>, <c>/compute</c>, <c>/network</c>, <c>/load-balancer</c>, <c>/image</c>, <c>/placement</c>, <c>/key-manager</c>; those of further regions have
/// the region's name before: <c>/RegionTwo/compute</c>.
/// </summary>
public sealed class OpenStackCloud
{
    private static readonly (string Type, string Name, string Suffix)[] Catalog =
    [
        ("identity", "keystone", "/v3"), ("compute", "nova", "/v2.1"), ("network", "neutron", ""), ("load-balancer", "octavia", ""), ("image", "glance", ""),
        ("placement", "placement", ""), ("key-manager", "barbican", ""),
    ];

    private readonly CallPipeline _pipeline;
    private readonly SandboxOptions _options;
    private readonly Dictionary<string, RegionCloud> _regions;
    private readonly RegionCloud _first;

    internal OpenStackCloud(SandboxOptions options, CallPipeline pipeline)
    {
        if (options.Regions.IsDefaultOrEmpty) throw new ArgumentException("A cloud needs a region.", nameof(options));
        _options = options;
        _pipeline = pipeline;
        Identity = new IdentityService(options);
        _regions = options.Regions.Select((name, i) => new RegionCloud(name, i, options, Identity)).ToDictionary(r => r.Context.Region);
        _first = _regions[options.Regions[0]];
    }

    internal IdentityService Identity { get; }

    internal RegionCloud First => _first;

    internal IReadOnlyCollection<RegionCloud> Regions => _regions.Values;

    internal RegionCloud Region(string? name) => name is null ? _first : _regions[name];

    /// <summary>How long transitional states last in every region.</summary>
    public SandboxDelays Delays
    {
        get => _first.Context.Delays;
        set
        {
            foreach (RegionCloud region in _regions.Values)
            {
                lock (region.Context.Gate) region.Context.Delays = value;
            }
        }
    }

    /// <summary>Where a region's service is, without the server's address.</summary>
    internal string Prefix(string service, string region)
        => service == Identity.Name || region == _first.Context.Region ? $"/{service}" : $"/{Uri.EscapeDataString(region)}/{service}";

    /// <summary>
    /// Asks a service in process, as the admin of a project: for seeding and looking. Not logged, not delayed, never spoilt by faults. What is
    /// pending stays pending; <see cref="Settle"/> ends it.
    /// </summary>
    /// <param name="service">identity, compute, network, load-balancer, image, placement.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path below the service's prefix, with a query: <c>/v2.0/ports?name=a</c>.</param>
    /// <param name="body">The body.</param>
    /// <param name="project">The name of the project that the call is scoped to.</param>
    /// <param name="region">The region; null for the first.</param>
    /// <param name="microversion">Nova's or Placement's microversion.</param>
    /// <param name="admin">Whether the asker holds the admin role too.</param>
    public SandboxReply Send(
        string service, string method, string path, JsonNode? body = null, string project = "demo", string? region = null,
        string? microversion = null, bool admin = true)
    {
        ApiService target = Find(service, region);
        (string pathOnly, string query) = path.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0 ? (path[..mark], path[mark..]) : (path, "");
        string? Header(string name) => name.ToLowerInvariant() switch
        {
            "openstack-api-version" when microversion is not null => $"{service} {microversion}",
            _ => null,
        };
        var request = new ApiRequest
        {
            Method = method,
            Path = pathOnly,
            Query = ApiQuery.Parse(query),
            Header = Header,
            RawBody = body is null ? default : JsonSerializer.SerializeToUtf8Bytes(body),
            BaseUrl = Endpoint(service, region ?? _first.Context.Region),
            RequestId = "req-" + Text.NewUuid(),
            Now = _options.TimeProvider.GetUtcNow(),
        };
        request.Token = Identity.InProcess(project, admin);
        Answer answer = Answered(target, Region(region), request, target.Routes.Match(method, pathOnly), authenticate: false);
        string text = Encoding.UTF8.GetString(answer.Body.Span);
        return new SandboxReply(
            answer.Status, answer.ContentType.StartsWith("application/json", StringComparison.Ordinal) && text.Length > 0 ? JsonNode.Parse(text) : null, text);
    }

    /// <summary>Ends everything that is pending, in every region, whatever the clock says.</summary>
    public void Settle()
    {
        foreach (RegionCloud region in _regions.Values)
        {
            lock (region.Context.Gate) region.Context.Transitions.Settle();
        }
    }

    /// <summary>Lets the next load balancers that are created end in ERROR.</summary>
    /// <param name="times">How many.</param>
    /// <param name="region">The region; null for the first.</param>
    public void FailNextLoadBalancers(int times, string? region = null) => Region(region).LoadBalancing.FailNextCreates(times);

    /// <summary>Puts a load balancer into ERROR.</summary>
    /// <returns>Whether there is one of this ID, in any region.</returns>
    public bool FailLoadBalancer(string id) => _regions.Values.Any(r => r.LoadBalancing.Fail(id));

    /// <summary>The address of the server, known once it listens: <c>http://127.0.0.1:PORT</c>.</summary>
    internal string Root { get; private set; } = "";

    internal void ListensAt(string root)
    {
        Root = root;
        foreach (ApiService service in _regions.Values.SelectMany(r => r.Services).Append(Identity)) service.IdentityUrl = Endpoint(Identity.Name, "") + "/v3";
        Identity.SetCatalog(_regions.Values.SelectMany(r => Catalog.Select(c => (c.Type, c.Name, r.Context.Region, Endpoint(c.Type, r.Context.Region) + c.Suffix))));
    }

    /// <summary>Where a client reaches a region's service.</summary>
    internal string Endpoint(string service, string region) => Root + Prefix(service, region);

    /// <summary>Answers a request; 404 where the path is no service's.</summary>
    internal async Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "/";
        string[] parts = path.Split('/', 4, StringSplitOptions.None); // "", first, second, rest
        RegionCloud region = _first;
        string first = parts.Length > 1 ? parts[1] : "";
        int skip = first.Length + 1;
        if (_regions.TryGetValue(first, out RegionCloud? named) && parts.Length > 2)
        {
            region = named;
            first = parts[2];
            skip += first.Length + 1;
        }

        ApiService? service = first == Identity.Name ? Identity : region.Services.FirstOrDefault(s => s.Name == first);
        if (service is null)
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync($"No OpenStack service is at {path}.\n", context.RequestAborted);
            return;
        }

        string rest = skip >= path.Length ? "/" : path[skip..];
        string regionName = service == Identity ? "" : region.Context.Region;
        var request = new ApiRequest
        {
            Method = context.Request.Method,
            Path = rest.Length > 1 ? rest.TrimEnd('/') : rest,
            Query = ApiQuery.Parse(context.Request.QueryString.Value ?? ""),
            Header = name => context.Request.Headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues values) ? values.ToString() : null,
            RawBody = await ReadAsync(context.Request, context.RequestAborted),
            BaseUrl = $"{context.Request.Scheme}://{context.Request.Host}{Prefix(service.Name, regionName)}",
            RequestId = "req-" + Text.NewUuid(),
            Now = _options.TimeProvider.GetUtcNow(),
        };
        RouteMatch match = service.Routes.Match(request.Method, request.Path);
        var call = new ApiCall
        {
            Service = service.Name,
            Region = regionName,
            Operation = $"{service.Name}.{match.Route?.Operation ?? "unknown"}",
            Path = rest + context.Request.QueryString.Value,
            Kind = match.Route?.Operation == IdentityService.IssueTokenOperation && service == Identity ? CallKind.Auth : null,
            WriteError = (http, status, message) =>
                WriteAsync(http, Rendered(service, request, service.Render(new ApiFault(status, message ?? "An error was injected."), request))),
        };
        await _pipeline.InvokeAsync(context, call, () => WriteAsync(context, Answered(service, region, request, match, authenticate: true)));
    }

    private ApiService Find(string service, string? region)
        => service == Identity.Name ? Identity : Region(region).Services.FirstOrDefault(s => s.Name == service)
            ?? throw new ArgumentException($"There is no service {service}.", nameof(service));

    private Answer Answered(ApiService service, RegionCloud region, ApiRequest request, RouteMatch match, bool authenticate)
    {
        Lock gate = service == Identity ? Identity.Gate : region.Context.Gate;
        lock (gate)
        {
            if (service != Identity) region.Context.Transitions.RunDue();
            return Rendered(service, request, Respond(service, request, match, authenticate));
        }
    }

    private ApiResponse Respond(ApiService service, ApiRequest request, RouteMatch match, bool authenticate)
    {
        try
        {
            if (match.Route is null && service.KnowsRoutesBeforeTokens) throw Unrouted(service, request, match);
            if (authenticate && match.Route is not { Anonymous: true })
            {
                if (Identity.Validate(request.Header("X-Auth-Token")) is not { } token) return service.Unauthenticated(request);
                request.Token = token;
            }

            service.Begin(request);
            if (match.Route is null) throw Unrouted(service, request, match);
            request.Route = match.Values;
            return match.Route.Handler(request);
        }
        catch (ApiFault fault)
        {
            return WithHeaders(service.Render(fault, request), fault);
        }
        catch (Exception e)
        {
            // A defect of the sandbox: the client gets what a real service answers when it breaks, and the message says why.
            return service.Render(new ApiFault(500, $"The sandbox failed: {e}"), request);
        }
    }

    private static ApiFault Unrouted(ApiService service, ApiRequest request, RouteMatch match)
        => match.PathKnown ? service.NoMethod(request, match.Allowed) : service.NoRoute(request);

    private static ApiResponse WithHeaders(ApiResponse response, ApiFault fault)
    {
        foreach ((string name, string value) in fault.Headers) response.Headers[name] = value;
        return response;
    }

    private static Answer Rendered(ApiService service, ApiRequest request, ApiResponse response)
    {
        response.Headers.TryAdd("x-openstack-request-id", request.RequestId);
        service.Finish(request, response.Headers);
        if (response.WriteJson is null) return new Answer(response.Status, response.Raw ?? default, response.ContentType, response.Headers);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, JsonOptions)) response.WriteJson(writer);
        return new Answer(response.Status, buffer.WrittenMemory, response.ContentType, response.Headers);
    }

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static async Task WriteAsync(HttpContext context, Answer answer)
    {
        HttpResponse response = context.Response;
        response.StatusCode = answer.Status;
        foreach ((string name, string value) in answer.Headers) response.Headers[name] = value;
        bool bodiless = answer.Status is 204 or 304 || HttpMethods.IsHead(context.Request.Method);
        if (answer.ContentType.Length > 0 && answer.Status is not (204 or 304)) response.ContentType = answer.ContentType;
        if (answer.Status is not (204 or 304)) response.ContentLength = answer.Body.Length;
        if (!bodiless) await response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength is 0 || (request.ContentLength is null && !request.Headers.ContainsKey("Transfer-Encoding"))) return default;
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }

    private sealed record Answer(int Status, ReadOnlyMemory<byte> Body, string ContentType, Dictionary<string, string> Headers);
}
