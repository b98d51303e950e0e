using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/servers/{id}/os-volume_attachments</c>, in a cloud without a single volume.</summary>
internal sealed class VolumeRoutes(ComputeState state)
{
    private const string Root = "/v2.1/servers/{id}/os-volume_attachments";

    public void Map(RouteTable routes)
    {
        routes.Get(Root, "servers.volume_attachments.list", request =>
        {
            state.FindServer(request);
            return ApiResponse.Ok(new JsonObject { ["volumeAttachments"] = new JsonArray() });
        });
        routes.Get(Root + "/{volume}", "servers.volume_attachments.show", request =>
            throw new ApiFault(404, $"Instance {state.FindScheduled(request).Id} is not attached to volume {request["volume"]}"));
        routes.Post(Root, "servers.volume_attachments.create", Attach);
        routes.Delete(Root + "/{volume}", "servers.volume_attachments.delete", request =>
        {
            state.FindScheduled(request);
            throw ComputeFaults.NotFound("Volume", request["volume"]);
        });
    }

    private ApiResponse Attach(ApiRequest request)
    {
        JsonObject body = (request.Body as JsonObject)?.Object("volumeAttachment") ?? throw ComputeFaults.Bad("'volumeAttachment' is a required property");
        string volume = body.String("volumeId") ?? throw ComputeFaults.Required("volumeAttachment", body, "volumeId");
        state.FindScheduled(request);
        throw ComputeFaults.NotFound("Volume", volume);
    }
}
