import "@xyflow/react/dist/base.css";
import {
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useMessages } from "#web/app/language.ts";
import { type Linked, type LinkedUnit, RELATIONS } from "#web/screens/unit/linked.ts";
import { unitWords } from "#web/screens/unit/messages.ts";

type UnitNode = Node<LinkedUnit, "unit">;

const COLUMN_PX = 290;
const ROW_PX = 84;
const WIDTH_PX = 190;
const TALLEST_PX = 420;
const NODE_TYPES = { unit: UnitBox };

/** The links drawn from left to right; the list beside it says the same to whoever cannot see it. */
export default function Graph({ linked }: { linked: Linked }) {
  const t = useMessages(unitWords);
  const { nodes, tallest } = useMemo(() => placed(linked.units), [linked.units]);
  const edges = linked.edges.map(({ from, to, rel }): Edge => ({
    id: `${from} ${rel} ${to}`,
    source: from,
    target: to,
    label: t(RELATIONS[rel]),
    markerEnd: { type: MarkerType.ArrowClosed, color: "var(--text-color-kumo-inactive)" },
    focusable: false,
  }));
  return (
    <div
      dir="ltr" // a drawing has its own direction
      className="unit-graph"
      style={{ blockSize: Math.min(TALLEST_PX, Math.max(180, tallest * ROW_PX + 40)) }}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.2}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        // The page scrolls, not the drawing.
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
        aria-label={t("graph")}
        ariaLabelConfig={{
          "controls.ariaLabel": t("graphControls"),
          "controls.zoomIn.ariaLabel": t("zoomIn"),
          "controls.zoomOut.ariaLabel": t("zoomOut"),
          "controls.fitView.ariaLabel": t("fitView"),
        }}
      >
        <Controls showInteractive={false} position="bottom-right" orientation="horizontal" />
      </ReactFlow>
    </div>
  );
}

function UnitBox({ data: { id, hop, title } }: NodeProps<UnitNode>) {
  return (
    <div
      style={{ inlineSize: WIDTH_PX }}
      className={`rounded-lg border bg-kumo-base px-3 py-2 ${hop === 0 ? "border-kumo-brand" : "border-kumo-line"}`}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Link
        to="/unit/$id"
        params={{ id }}
        title={title ?? id}
        dir="auto"
        className={`nopan line-clamp-2 hover:text-kumo-link ${title === null ? "font-mono text-xs text-kumo-subtle" : hop === 0 ? "font-semibold" : ""}`}
      >
        {title ?? id}
      </Link>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

/** A column for each step away, each in the middle of the tallest. */
function placed(units: readonly LinkedUnit[]): { nodes: UnitNode[]; tallest: number } {
  const columns = Map.groupBy(units, ({ hop }) => hop);
  const tallest = Math.max(...[...columns.values()].map(({ length }) => length));
  const nodes = [...columns].flatMap(([hop, members]) =>
    members.map((unit, row): UnitNode => ({
      id: unit.id,
      type: "unit",
      data: unit,
      position: {
        x: hop * COLUMN_PX,
        y: (row + (tallest - members.length) / 2) * ROW_PX,
      },
    })),
  );
  return { nodes, tallest };
}
